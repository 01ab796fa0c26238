"""Kubernetes manifests as lines of a file: where a value stands, what is certainly wrong with it, and the small mend.

Rule of the room: a file is never written anew. It is read line by line, so that one that is no YAML (a tab, a lost colon)
can be read too, and a mend is the same line with one value, key or indentation changed. What is not certain is left alone:
templates, flow style, block scalars, kinds that are not known. The texts are masked; a line that holds a mask is not touched.
"""
