"""Pure functions over text: redaction of secrets, cleaning of terminal output, normal forms.

Rule of the room: text in, value out. No I/O, clock or randomness; every pattern runs in time linear in its input,
because the input was written by strangers. Nothing leaves this product that `redact` has not seen first.
"""
