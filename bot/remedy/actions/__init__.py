"""The catalogue's actions, one a file; `catalog.ACTIONS` lists them.

Rule of the room: an action never decides that it runs; it sends one write, guarded and marked, and can tell afterwards
whether that write was applied.
"""
