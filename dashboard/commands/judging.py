"""Commands that count and judge: detect, spikes, backtest, verify."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from dashboard.binding import Where, zone
from dashboard.commands.console import (
    ConfigOption,
    JsonOption,
    Session,
    err,
    fail,
    print_json,
    print_table,
    say,
    warn,
    when,
)
from dashboard.commands.output import written_whole

if TYPE_CHECKING:
    from sentiment.store.recount import Recount


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(detect)
    app.command()(spikes)
    app.command()(backtest)
    app.command()(verify)


def detect(config: Path | None = ConfigOption) -> None:
    """Judge the buckets that are due."""
    session = Session(config)
    go_on_counting(session)
    lines = session.pipeline.detect()
    for line in lines:
        say(line)
    if not lines:
        say("Nothing new stands out.")


def go_on_counting(session: Session) -> None:
    """End what a change of the taxonomy or the zone, or a repair that was stopped, has left to be counted anew."""
    from sentiment.store.recount import recount
    from sentiment.store.rezone import move_days

    show_counting(recount(session.store))
    for part in move_days(session.store):
        warn(f"moving mentions to the days of {session.store.zone.key}: {part:.0%}")


def show_counting(steps: Iterator[Recount]) -> None:
    """Count from scratch, showing how far it is."""
    columns = (TextColumn("counting anew, back to {task.fields[since]}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as shown:
        for at in steps:
            if not shown.tasks:
                shown.add_task("counting", total=1.0, since="")
            shown.update(shown.task_ids[0], completed=at.part, since=f"{at.since:%Y-%m-%d}")


def spikes(
    file: Path = typer.Argument(..., help="CSV: series,time,count[,total][,covered]; hourly, daily or weekly."),
    output: Path | None = typer.Option(None, "--output", "-o", help="JSONL to write; else stdout."),
    budget_weeks: float = typer.Option(4.0, help="At most about one false alert in this many weeks, over all series."),
    tz: str = typer.Option("UTC", "--tz", help="Zone of times without one, and of the daily rhythm."),
) -> None:
    """Judge other people's counts: a CSV in, one JSON object for each series and bucket out; nothing is kept."""
    from sentiment.spikes.counts_file import CountsUnreadable
    from sentiment.spikes.stateless import judge_file

    if not file.is_file():
        fail(f"There is no file {file}.", 2)
    chosen: ZoneInfo = zone(tz, Where("--tz"))
    if budget_weeks <= 0:
        fail("--budget-weeks must be more than 0.", 2)
    try:
        if output is None:
            report = judge_file(file, sys.stdout, budget_weeks=budget_weeks, zone=chosen)
        else:
            with written_whole(output, file) as opened:
                report = judge_file(file, opened, budget_weeks=budget_weeks, zone=chosen)
    except CountsUnreadable as error:
        fail(str(error), 2)
    for aside in report.set_aside[:20]:
        warn(f"line {aside.line}: {aside.reason}; set aside")
    if report.set_aside_count > 20:
        warn(f"and {report.set_aside_count - 20:,} more rows")
    raised = report.highest_bar > report.alert_score
    bar = f"{report.alert_score:.2f}" + (
        f", up to {report.highest_bar:.2f} where the past was restless" if raised else ""
    )
    warn(
        f"{report.judged:,} buckets of {report.series:,} series judged, {report.flagged:,} flagged (from score {bar})."
    )


def backtest(
    config: Path | None = ConfigOption,
    since: str | None = typer.Option(None, help="From this day on; else all that is kept."),
    until: str | None = typer.Option(None, help="Until this day; else now."),
    budget_weeks: float | None = typer.Option(None, help="Try another budget than the configured one."),
    plant: float | None = typer.Option(
        None, help="Also plant incidents this many times the usual, to see what is missed."
    ),
    json: bool = JsonOption,
) -> None:
    """What this setting would have alerted over a past span, and how many alerts a week that is."""
    from dataclasses import replace

    from sentiment.spikes.run import backtest as replay

    if budget_weeks is not None and not 0 < budget_weeks < inf:
        fail("--budget-weeks must be more than 0.", 2)
    if plant is not None and not 1 < plant < inf:
        fail("--plant must be more than 1: so many times the usual are planted.", 2)
    session = Session(config)
    zone_here = session.config.zone
    begin, end = when(since, zone_here, "--since"), when(until, zone_here, "--until") or session.pipeline.clock()
    if begin is not None and begin >= end:
        fail("--since must be before --until, and before now.", 2)
    settings = (
        session.config.spikes if budget_weeks is None else replace(session.config.spikes, budget_weeks=budget_weeks)
    )
    report = replay(
        session.store,
        settings,
        since=begin,
        until=end,
        plant=plant,
    )
    if json:
        print_json(report.as_dict())
        return
    for line in report.lines(zone_here):
        say(line)


def verify(
    config: Path | None = ConfigOption,
    rebuild: bool = typer.Option(False, "--rebuild", help="Put the counts right where they differ."),
    json: bool = JsonOption,
) -> None:
    """Recount everything from scratch and report any difference."""
    from sentiment.store.counts import FIGURES
    from sentiment.store.recount import rebuild as count_anew
    from sentiment.store.recount import verify as differing

    session = Session(config)
    go_on_counting(session)
    with session.store.read() as conn:
        differences = differing(conn)
    if json:
        print_json([{"table": d.table, "key": d.key, "kept": d.kept, "recounted": d.recounted} for d in differences])
    elif not differences:
        say("Every count equals a recount from scratch.")
    else:
        print_table(
            ["table", "brand, facet, source, bucket", f"kept ({', '.join(FIGURES)})", "recounted"],
            [[d.table, d.key, d.kept, d.recounted] for d in differences[:50]],
            title=f"{len(differences):,} counts differ",
        )
    if differences and rebuild:
        show_counting(count_anew(session.store))
        warn("The counts were made anew.")
    elif differences:
        raise typer.Exit(1)
