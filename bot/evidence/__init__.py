"""What to fetch about an incident, and what it means.

Rule of the room: values in, values out. Readers turn what a port returned into Evidence, the reducer keeps the little of a
log that matters, and what could not be had becomes an EvidenceGap. No vendor's object, no clock, no socket.
"""
