"""From a diagnosis to a proposal, and from an approved proposal to its effect and its verification.

Rule of the room: what may be done is a typed catalogue (`catalog.ACTIONS`), one file an action; whether it may be done is
pure (`propose`, `policy`, `authorize`); the platform is met through ports only, in an action's preflight, send, look and
verify. Nothing here decides to run anything: that takes a person's approval, which `workflow` checks and carries here.
Sentences for people are ours; what a platform or a stranger said goes into `Check.observed` and previews only.
"""
