"""The use cases, one function a file: each takes the desk and one job's payload and ends in one durable step or more.

Rule of the room: it composes the sibling rooms and the ports and knows no vendor. Every use case may run again after a
crash at any point: what it did is in the state, what it may have done is found by looking.
"""
