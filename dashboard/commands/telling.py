"""Commands that tell people: notify, export."""

from __future__ import annotations

from pathlib import Path

import typer

from dashboard.commands.console import ConfigOption, JsonOption, Session, fail, print_json, say, warn, when


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(notify)
    app.command()(export)


def notify(
    config: Path | None = ConfigOption,
    dry_run: bool = typer.Option(False, "--dry-run", help="Say who would be told what; decide and send nothing."),
    test: str | None = typer.Option(None, "--test", metavar="ADDRESS", help="Send a test mail to this address."),
) -> None:
    """Decide on alerts and send what is queued."""
    from dashboard.alerts.notify import notify as run
    from dashboard.alerts.notify import test_mail

    session = Session(config)
    settings = session.config
    if test is not None:
        if settings.mail is None:
            fail(f"{settings.file.name} has no [mail] section to send by.", 2)
        say(test_mail(settings.mail, settings.alerts, test, session.pipeline.clock()))
        return
    summary = run(
        session.store, settings.alerts, settings.mail, settings.managers, settings.sources,
        session.pipeline.clock(), dry_run=dry_run,
    )  # fmt: skip
    for line in summary.lines:
        say(line)
    if not summary.lines:
        say("Nobody has to be told anything.")
    if summary.failed:
        raise typer.Exit(1)


def export(
    what: str = typer.Argument(..., help="mentions, daily, spikes, incidents or complaints."),
    output: Path = typer.Option(..., "--output", "-o", help="File to write; - for stdout."),
    config: Path | None = ConfigOption,
    format_: str | None = typer.Option(None, "--format", help="csv, xlsx, parquet or jsonl; else by the file's name."),
    since: str | None = typer.Option(None, help="From this day on."),
    until: str | None = typer.Option(None, help="Until this day (not included)."),
    brand: str | None = typer.Option(None),
    source: str | None = typer.Option(None),
    dimension: str | None = typer.Option(None, help='"Reliability", "rater/Reliability" or "aspect/timeliness".'),
    sentiment: str | None = typer.Option(None, help="negative, neutral or positive."),
    raw: bool = typer.Option(False, "--raw", help="CSV without the spreadsheet guard, for programs."),
    json: bool = JsonOption,
) -> None:
    """Write what is kept to a file."""
    from dashboard.exports import Filters
    from dashboard.exports import export as write

    session = Session(config)
    here = session.config.zone
    filters = Filters(
        since=when(since, here, "--since"), until=when(until, here, "--until"), brand=brand, source=source,
        dimension=dimension, sentiment=sentiment,
    )  # fmt: skip
    manifest = write(session.store, what, output, format_, filters, zone=here, now=session.pipeline.clock(), raw=raw)
    if json:
        print_json(manifest.as_dict())
    else:
        warn(f"{manifest.rows:,} rows of {what} written to {output}.")
