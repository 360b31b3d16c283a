"""Commands that read texts: classify, label, evaluate, train."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dashboard.commands.console import ConfigOption, JsonOption, Session, err, fail, print_json, say, warn
from dashboard.commands.output import gone_on_with, written_whole

NAMED = 20  # rows set aside that are named one by one
LABELLING = (TextColumn("reading {task.fields[texts]:,} texts"), BarColumn(), TimeRemainingColumn())
READING = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(classify)
    app.command()(label)
    app.command()(evaluate)
    app.command()(train)


def classify(
    config: Path | None = ConfigOption,
    again: bool = typer.Option(False, "--again", help="Also what another model read; resumes where it was stopped."),
    json: bool = JsonOption,
) -> None:
    """Read what is unread."""
    from sentiment.store.readings import waiting

    session = Session(config)
    pipeline = session.pipeline
    if again:
        pipeline.adopt_model()
    with session.store.read() as conn:
        total = waiting(conn)
    with Progress(*READING, console=err, transient=True) as shown:
        task = shown.add_task("reading", total=total)
        report = pipeline.read(lambda done, left: shown.update(task, completed=done, total=done + left))
    if json:
        print_json({"read": report.read, "set_aside": report.set_aside, "waiting": report.waiting})
        return
    say(f"{report.read:,} read, {report.set_aside:,} set aside, {report.waiting:,} waiting. Next: groundswell detect")


def label(
    file: Path = typer.Argument(..., help="CSV or JSONL with a column text (and id, kept as it is)."),
    output: Path = typer.Option(..., "--output", "-o", help="Where readings go: .jsonl, .csv or .tsv."),
    model: str = typer.Option("shipped", help="Model to read with: shipped, a folder, or a Hugging Face name."),
) -> None:
    """Read other people's texts: a file in, readings out. Started again after a stop, it goes on where it was."""
    from sentiment.classifiers import load_classifier
    from sentiment.label import LabelProblem, Written, label_file

    if not file.is_file():
        fail(f"There is no file {file}.", 2)
    classifier, written = load_classifier(model), Written.of(output)
    try:
        with (
            gone_on_with(output, file, f"{classifier.name} {written.name}") as part,
            Progress(*LABELLING, console=err, transient=True) as shown,
        ):
            task = shown.add_task("reading", total=1, texts=part.rows)

            def progress(done: int, share: float | None) -> None:
                part.keep(done)
                shown.update(task, completed=share, texts=done)

            report = label_file(file, part.text, classifier, written=written, answered=part.rows, progress=progress)
    except LabelProblem as problem:
        fail(str(problem), 2)
    say(f"{report.read:,} texts read into {output}.")
    _name_set_aside(report.problems, report.set_aside)


def evaluate(
    data: Path = typer.Option(..., "--data", help="Labelled texts, JSONL: text, and any of the labels."),
    model: str = typer.Option("shipped", help="Model to judge: shipped, a folder, or a Hugging Face name."),
    output: Path | None = typer.Option(None, "--output", "-o", help="Also write the scores as JSON."),
    json: bool = JsonOption,
) -> None:
    """Score a classifier on labelled texts."""
    from sentiment.classifiers import load_classifier
    from sentiment.evaluation import RowProblem, evaluate_file

    if not data.is_file():
        fail(f"There is no file {data}.", 2)
    try:
        with (
            nullcontext() if output is None else written_whole(output, data) as target,
            Progress(*READING, console=err, transient=True) as shown,
        ):
            task = shown.add_task("reading", total=None)
            report = evaluate_file(
                load_classifier(model), data, lambda done, total: shown.update(task, completed=done, total=total)
            )
            if target is not None:
                target.write(report.to_json())
    except RowProblem as problem:
        fail(str(problem), 2)
    say(report.to_json() if json else report.to_text())
    _name_set_aside(report.set_aside, len(report.set_aside))


def _name_set_aside(problems: Sequence[str], count: int) -> None:
    """Name the rows that could not be read, the first of many, on stderr: stdout is for what was read."""
    for problem in problems[:NAMED]:
        warn(f"{problem}; set aside")
    if count > NAMED:
        warn(f"and {count - NAMED:,} more rows")


def train(
    data: Path | None = typer.Option(None, "--data", help="Folder of labelled texts (see docs/methods/classifier.md)."),
    output: Path = typer.Option(Path("trained-model"), "--output", "-o", help="Folder for the new model."),
    encoder: Path | None = typer.Option(
        None, "--encoder", help="Folder of an encoder to start from; left out: the model in use learns on."
    ),
    teacher: Path | None = typer.Option(
        None, "--teacher", help="Folder of a large encoder that is fitted first and then teaches the small one."
    ),
    start: Path | None = typer.Option(None, "--start", help="Exported model that learns on; left out: the one in use."),
    from_store: bool = typer.Option(False, "--from-store", help="Learn from people's corrections in the store too."),
    minutes: float = typer.Option(120, help="About how long it may take, keeping the best so far."),
    config: Path | None = ConfigOption,
) -> None:
    """Fine-tune, judge on a split, export (extra: train). Resumes from its checkpoint if it was stopped."""
    try:
        from sentiment.training.data import DataProblem
        from sentiment.training.run import Wanted, train_model
    except ModuleNotFoundError as error:
        fail(f"Training needs {error.name}, which is not installed: pip install 'groundswell[train]'", 2)
    from sentiment.classifiers.onnx import SHIPPED

    in_use = SHIPPED
    corrections, others = [], []
    if from_store:
        from sentiment.store.corrections import corrected_texts
        from sentiment.store.learning import MOST_OTHERS, other_texts

        session = Session(config)
        if Path(session.config.classifier.model).is_dir():
            in_use = Path(session.config.classifier.model)
        with session.store.read() as conn:
            corrections = corrected_texts(conn)
            others = other_texts(conn, MOST_OTHERS)
        say(
            f"{len(corrections):,} mentions that people checked to learn from; {len(others):,} others to read as before"
        )
    if data is None and not corrections:
        fail("There is nothing to learn from: give --data DIR, or --from-store with corrections in the store.", 2)
    wanted = Wanted(
        data=data,
        output=output,
        encoder=encoder,
        teacher=teacher,
        start=start or in_use,
        corrections=corrections,
        others=others,
        minutes=minutes,
    )
    try:
        for line in train_model(wanted):
            say(line)
    except DataProblem as problem:
        fail(str(problem), 2)
