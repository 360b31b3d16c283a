"""What can go wrong with a classifier.

ClassifierProblem            retrying never helps; the sentence says what to do
├── ModelMissing             a file of the model's folder is not there
└── ModelUnusable            the files do not belong together, or an extra is not installed
"""


class ClassifierProblem(Exception):
    """A classifier cannot be loaded; the message names the model, what is wrong and what to do."""


class ModelMissing(ClassifierProblem):
    """A file of the model is not there."""


class ModelUnusable(ClassifierProblem):
    """The model is there but cannot be used."""


def first_line(problem: Exception) -> str:
    """What another library says went wrong, as far as it fits into a sentence."""
    return next(iter(str(problem).strip().splitlines()), "no reason given")[:300]
