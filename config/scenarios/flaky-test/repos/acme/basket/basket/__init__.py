"""The shopping basket."""
