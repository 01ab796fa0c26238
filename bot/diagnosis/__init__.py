"""Evidence becomes ranked hypotheses, each with citations and a confidence that can be explained.

Rule of the room: pure and deterministic. The same dossier in any order gives the same diagnosis; a hypothesis without a
citation that stands byte for byte in the evidence is never built; when nothing carries the cause, we abstain and say so.
"""
