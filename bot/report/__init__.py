"""What is said to people, composed from stored values into neutral parts.

Rule of the room: pure functions of values; no Slack shapes, no decisions. Strangers' text goes into `quoted`, `Quote`,
`Facts`, `Diff` and `Code` only, never into a sentence of ours.
"""
