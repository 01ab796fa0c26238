"""One vendor a file: each translates between a vendor's API and our ports, and nothing else.

Rule of the room: vendor objects and errors die here; adapters do not know each other; only `bootstrap` imports them.
"""
