"""Telling the right people once: who is told of what, when, in which words, and that it arrived."""
