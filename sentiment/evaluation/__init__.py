"""How good a classifier is on labelled texts, and how sure one can be of that."""
