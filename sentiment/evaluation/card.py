"""The model card: what the shipped model is, and its scores on texts that nothing was fitted to or tuned on."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sentiment.evaluation.report import Figure, Report

INTRODUCTION = """# {name}

Reads what customers write in public: sentiment, satisfaction, twenty aspects with polarity, stage, intent and loyalty,
in one pass. Made by `groundswell train`; this card is written by `sentiment.evaluation.card` from measurements.

- file: model.onnx, {megabytes:.1f} MB, sha256 `{sha256}`
- weights: 8 bits, a scale for every 128 of a matrix and one for each word piece
- encoder: {encoder}; licence {licence}
- window: {longest} tokens; longer texts are read in several, cut between sentences
- languages measured: {languages}. Any other language is marked as not validated.
- temperatures, thresholds, offsets and the abstain band were chosen on validation texts, which are not in the tables
"""
LABELLING = """
How our labels were made: by machine, each text read and labelled once to the labelling guide, without keyword rules. On
720 texts labelled twice and adjudicated, two such passes agree: sentiment 95 % (kappa 0.93), aspects F1 0.92, RATER
dimensions F1 0.92, stage 88 %, intent 98 %, loyalty 98 %. Most of those added to borrowed texts are of texts that an
earlier model was unsure of. Labelled again without sight of the labels, 146 of the first texts agree: sentiment 94 %,
aspects F1 0.89, stage 80 %, intent 93 %, loyalty 95 %; and 150 of the harder ones added: 91 %, 0.87, 82 %, 96 %, 93 %.
All passes are of one kind, so this is consistency more than truth. Against the crowd's three classes on 1,385 airline
tweets the labels agree in 88 %; with the stars of 396 airline reviews they correlate 0.84.
"""
LIMITS = """
## What it cannot do

- Aspects, stage, intent and loyalty were learnt from labels of public English texts and from texts written for training
  in six languages; outside English expect less than the tables of English texts say.
- Labels of aspects come from one annotation guide; care against courtesy, speed against timeliness, and performance
  against digital are where two careful readers differ too.
- Irony is often read right where the facts are bad ("great, another delay"), seldom where only the tone tells.
- It reads words, not pictures; it knows nothing of a conversation's earlier turns.
- Some training texts (SemEval 2017, Crowdflower airline tweets, public reviews) may be used for research only; the
  weights carry no texts. Check with your lawyer before redistributing them.
"""


def write_card(folder: Path, reports: Mapping[str, Report], learnt_from: Sequence[tuple[int, str]]) -> None:
    """Write MODEL_CARD.md and scores.json into the model's folder.

    `reports` by the name of the set of texts; `learnt_from` has the number of training texts and what they are.
    """
    settings: dict[str, Any] = json.loads((folder / "reader.json").read_text(encoding="utf-8"))
    size = (folder / "model.onnx").stat().st_size / 1e6
    text = INTRODUCTION.format(
        **{key: settings[key] for key in ("name", "sha256", "encoder", "licence", "longest")},
        megabytes=size,
        languages=", ".join(settings["languages"]),
    )
    text += "\n## What it learnt from\n\n| texts | what, origin and terms |\n|---|---|\n"
    text += "".join(f"| {count:,} | {what} |\n" for count, what in learnt_from) or "| | was not kept |\n"
    if teacher := settings.get("recipe", {}).get("teacher"):
        text += f"\nBeside the labels it learnt from what a larger network says of the texts: {teacher}.\n"
    text += LABELLING
    text += "\n## Scores with 95 % bootstrap intervals\n"
    for name, report in reports.items():
        text += f"\n### {name} ({report.texts:,} texts)\n\n" + _figures(report.figures)
        text += f"\nAbstained: {report.abstained:.1%}.\n"
        if report.languages:
            text += "\n" + _groups("language", report.languages)
        if report.domains and "aspects" in report.classes:
            text += "\n" + _groups("domain", report.domains)
        if "aspects" in report.classes:
            text += "\n" + _classes(report)
    agreement = ", ".join(f"{name} {value:.1%}" for name, value in settings["int8_agreement"].items())
    text += f"\n## 8 bits against float32\n\nSame answer on the validation texts: {agreement}.\n"
    (folder / "MODEL_CARD.md").write_text(text + LIMITS, encoding="utf-8")
    scores = {name: {n: f.value for n, f in report.figures.items()} for name, report in reports.items()}
    (folder / "scores.json").write_text(json.dumps(scores, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _figures(figures: Mapping[str, Figure]) -> str:
    lines = ["| measure | value | 95 % interval | texts |", "|---|---|---|---|"]
    lines += [f"| {n} | {f.value:.3f} | {f.low:.3f} to {f.high:.3f} | {f.texts:,} |" for n, f in figures.items()]
    return "\n".join(lines) + "\n"


def _groups(title: str, groups: Mapping[str, Mapping[str, Figure]]) -> str:
    columns = list(dict.fromkeys(name for figures in groups.values() for name in figures))
    lines = [f"| {title} | texts | {' | '.join(columns)} |", "|---" * (len(columns) + 2) + "|"]
    for name, figures in groups.items():
        cells = [f"{figures[column].value:.3f}" if column in figures else "" for column in columns]
        texts = max((figure.texts for figure in figures.values()), default=0)
        lines.append(f"| {name} | {texts} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _classes(report: Report) -> str:
    lines = ["| task | class | precision | recall | F1 | cases |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {task} | {name} | {s.precision:.3f} | {s.recall:.3f} | {s.f1:.3f} | {s.cases} |"
        for task, scores in report.classes.items()
        for name, s in scores.items()
        if s.cases
    ]
    return "\n".join(lines) + "\n"
