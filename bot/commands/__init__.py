"""What the command line does, as plain functions: text in, text out, an exit code.

Rule of the room: no argument parsing, no files, no environment; those stay in `cli`. Time and ready-made parts come in as
arguments. Lines are answered one by one, so that a bad one changes nothing for the others.
"""
