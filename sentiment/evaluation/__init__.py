"""How good a classifier is on labelled texts, and how sure one can be of that."""

from sentiment.evaluation.evaluate import evaluate, evaluate_file
from sentiment.evaluation.report import Report
from sentiment.evaluation.rows import Labelled, RowProblem, load_rows

__all__ = ["Labelled", "Report", "RowProblem", "evaluate", "evaluate_file", "load_rows"]
