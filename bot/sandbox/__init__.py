"""The loopback world: a Slack workspace and its platforms in a process of its own (`python -m bot.sandbox`).

The room's rule: it imports nothing of bot or knowledge and nothing imports it. It is an independent oracle that speaks
the vendors' own HTTP, so a mistake the real vendor would refuse is refused here first. Inside it everything runs on one
event loop, state is mutable and lives in memory, and every start begins a new workspace with new ids and tokens.
"""
