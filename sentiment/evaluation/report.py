"""The scores of one classifier on one set of labelled texts, as a person and as a program reads them."""

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

from sentiment.evaluation.measures import FEWEST_CASES, Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One score from 0 to 1 (satisfaction error: points) with its 95 % bootstrap interval and the texts behind it.

    nan: no class has enough cases.
    """

    value: float
    low: float
    high: float
    texts: int

    def __str__(self) -> str:
        if math.isnan(self.value):
            return f"too few cases ({self.texts:,} texts)"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f}, {self.texts:,} texts)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that was measured.

    figures      overall scores by name, e.g. "sentiment macro-F1"
    classes      scores of each class by task; "aspects" and "dimensions" are tasks too
    languages    figures by language, domains by domain; sets under ten texts are left out
    reliability  (mean confidence, share right, share of texts) of sentiment, in bins of confidence
    abstained    share of texts whose sentiment the model does not rely upon
    set_aside    a sentence for each row of the file that could not be judged by
    """

    model: str
    texts: int
    figures: dict[str, Figure]
    classes: dict[str, dict[str, Scores]]
    languages: dict[str, dict[str, Figure]] = field(default_factory=dict)
    domains: dict[str, dict[str, Figure]] = field(default_factory=dict)
    reliability: list[tuple[float, float, float]] = field(default_factory=list)
    abstained: float = 0.0
    set_aside: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The report as one JSON object; what could not be measured is null."""
        return json.dumps(_measured(asdict(self)), indent=1, ensure_ascii=False, allow_nan=False)

    def to_text(self) -> str:
        """The report in tables of plain text."""
        lines = [f"{self.model} on {self.texts:,} texts", ""]
        lines += [f"{name:28} {figure}" for name, figure in self.figures.items()]
        lines.append(f"{'abstained':28} {self.abstained:.3f} of texts")
        for task, scores in self.classes.items():
            lines += ["", f"{task:20} precision  recall     F1  cases"]
            lines += [_class_line(name, each) for name, each in scores.items() if each.cases]
        for title, groups in (("language", self.languages), ("domain", self.domains)):
            for name, figures in groups.items():
                lines += ["", f"{title} {name}"]
                lines += [f"  {label:26} {figure}" for label, figure in figures.items()]
        if self.reliability:
            lines += ["", "sentiment, confidence against share right"]
            lines += [
                f"  {said:.2f}  {'#' * round(40 * right):40} {right:.2f}  {share:6.1%} of texts"
                for said, right, share in self.reliability
            ]
        lines += ["", f"Macro figures leave out classes with fewer than {FEWEST_CASES} cases."]
        return "\n".join(lines)


def _measured(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _measured(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_measured(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _class_line(name: str, scores: Scores) -> str:
    return f"  {name:18} {scores.precision:9.3f} {scores.recall:7.3f} {scores.f1:6.3f} {scores.cases:6,}"
