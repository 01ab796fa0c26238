"""Frozen values and the rules between them.

Rule of the room: standard library only, no I/O, no clock, no randomness. A value enters complete and never changes;
change makes a new one. The two tables that move states live here (`incident.NEXT`, `proposal.NEXT`) and nowhere else.
"""
