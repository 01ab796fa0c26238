"""What was learned from the channels' own history; stands alone and knows nothing of `bot`.

Rule of the room: no vendor SDK, socket, subprocess, clock or randomness outside `stores` and `embedders`; those come in as arguments.
"""
