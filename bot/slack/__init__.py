"""The Slack edge: Slack's shapes come in here and become values; our reports go out as Block Kit.

Rule of the room: it does only what cannot wait (commit, acknowledge, open a modal). It decides nothing, and no other
room knows a Slack shape.
"""
