"""One sender, one file: what is peculiar to its posts, as a `Sender`; the row in `senders.SENDERS` decides when it is tried.

`generic_*` read what all posts have in common: signals, named values, links. A sender that needs more than tables brings
a `read` of its own (Robusta, Alertmanager, Sentry).
"""
