"""One file per sender: each parser takes a Post and returns a Reading, NotAlert, or None for "not mine".

Rule of the room: a parser knows how its sender writes and nothing of the others; the generic one reads the rest.
"""
