"""The burst benchmark, `make bench`: the real bot against the sandbox, with a bare Bolt echo bot beside it.

Room's rule: everything is measured from outside, by the sandbox's own clock and call log; nothing of `bot` is imported
here. Each subject (bot, echo) has a sandbox process of its own, and they run one after the other.
"""
