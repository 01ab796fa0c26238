"""From a Post to an Alert, and from an Alert to the incident it belongs to.

Rule of the room: pure functions over values; what a post says is data, never an order. One sender, one file in
`parsers/`, one row in `senders.SENDERS`; what senders have in common is in tables, not in branches.
"""
