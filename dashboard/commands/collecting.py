"""Commands that gather what was said: import, collect, sources, erase."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

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

if TYPE_CHECKING:
    from collector.claim import Verdict
    from collector.collect import RunReport
    from collector.sources import SourceConfig


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("import")(import_file)
    app.command()(collect)
    app.command()(sources)
    app.command()(webhook)
    app.command()(erase)


def import_file(
    file: Path = typer.Argument(..., help="CSV, XLSX, JSONL or Parquet."),
    config: Path | None = ConfigOption,
    brand: str | None = typer.Option(None, help="The brand that all rows are about, where no column says so."),
    source: str | None = typer.Option(None, help="Name to keep them under; else the file's name."),
    kind: str | None = typer.Option(None, help="review, post, comment, survey, article or message."),
    mapping: str = typer.Option("", "--map", help="Which column is what: text=Review,created_at=Date,…"),
    delimiter: str | None = typer.Option(None, help="Column separator, if the guess is wrong."),
    encoding: str | None = typer.Option(None, help="Encoding, if the guess is wrong."),
    date_format: str | None = typer.Option(None, help="day-first, month-first, excel or a strptime pattern."),
    date: str | None = typer.Option(None, help="Date of rows that have none (ISO 8601)."),
    decimal: str | None = typer.Option(None, help="Decimal sign, '.' or ','."),
    rating_scale: str | None = typer.Option(None, help='Least and best rating, e.g. "0-10".'),
    sheet: str | None = typer.Option(None, help="Sheet of a workbook; else the first."),
    again: bool = typer.Option(False, "--again", help="Even if this very file was imported before."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Say how the file is understood and write nothing."),
) -> None:
    """Import reviews or posts from a file; rows that cannot be used are named and kept aside."""
    from collector.sources import SourceConfig
    from collector.sources.files import import_settings, preview
    from dashboard.jobs import utc_now
    from dashboard.reports import in_words

    if not file.is_file():
        fail(f"There is no file {file}.", 2)
    session = Session(config)
    settings = import_settings(
        file.resolve(), zone=session.config.zone, mapping=mapping, kind=kind, delimiter=delimiter, encoding=encoding,
        date_format=date_format, date=date, decimal=decimal, rating_scale=rating_scale, sheet=sheet, again=again,
    )  # fmt: skip
    chosen = _brand_of(session, brand)
    with err.status(f"looking at all of {file.name}"):
        understood = preview(settings.path, settings, utc_now())
    for line in understood.sentences():
        say(line)
    if dry_run:
        for item in understood.items:
            say(f"  {item.created_at:%Y-%m-%d %H:%M} {item.rating or '':>4} {item.text[:100]!r}")
        for reject in understood.rejects:
            say(f"  {reject.place}: {reject.reason}")
        return
    report = _run(session, SourceConfig(name=source or file.stem, kind="files", settings=settings, brand=chosen))
    say(in_words(report))
    _print_rejects(session, report)
    say("Next: groundswell classify   (or leave it to a running groundswell up)")
    if report.error:
        raise typer.Exit(1)


def _brand_of(session: Session, brand: str | None) -> str | None:
    names = [known.name for known in session.config.brands]
    if brand is not None and brand not in names:
        from dashboard.binding import nearest

        fail(f"There is no [[brand]] named {brand!r} in {session.config.file.name}; {nearest(brand, names)}.", 2)
    return brand


def _run(session: Session, source: SourceConfig, **options: Any) -> RunReport:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as shown:
        task = shown.add_task(source.name)

        def on_page(report: RunReport) -> None:
            shown.update(task, description=f"{source.name}: {report.new:,} new, page {report.pages:,}")

        return session.pipeline.collect(source, on_page=on_page, **options)


def _print_rejects(session: Session, report: RunReport, most: int = 10) -> None:
    if not report.rejected:
        return
    from dashboard.queries.health import rejects

    with session.store.read() as conn:
        found = rejects(conn, report.source, min(most, report.rejected))
    for row in found[::-1].itertuples():
        say(f"  {row.place}: {row.reason}")
    if report.rejected > most:
        say(f"  … and {report.rejected - most:,} more; all are kept: see Sources in the dashboard")


def collect(
    names: list[str] = typer.Argument(None, help="Sources by name, or a kind; else all that are switched on."),
    config: Path | None = ConfigOption,
    since: str | None = typer.Option(None, help="Backfill from this day on, beside the live cursor."),
    dry_run: bool = typer.Option(
        False,
        "--dry-run",
        help="Print what would be fetched and kept; write none of it. What a paid source gives for it counts.",
    ),
    force: bool = typer.Option(False, "--force", help="Even while a source asked us to wait."),
    json: bool = JsonOption,
) -> None:
    """Run sources once, now."""
    from dashboard.reports import in_words

    session = Session(config)
    chosen = _chosen(session, names or [])
    start = when(since, session.config.zone, "--since")
    if dry_run:
        for source in chosen:
            _dry_run(session, source, start)
        return
    reports = []
    for source in chosen:
        report = _run(session, source, since=start, force=force)
        reports.append(report)
        if not json:
            say(in_words(report))
            _print_rejects(session, report)
    if json:
        print_json([{name: getattr(r, name) for name in r.__slots__} for r in reports])
    if any(report.error for report in reports):
        raise typer.Exit(1)


def _chosen(session: Session, names: list[str]) -> list[SourceConfig]:
    configured = session.config.sources
    if not names:
        found = [source for source in configured if source.enabled]
        if not found:
            fail(f"No source is switched on in {session.config.file}. Add one: groundswell sources add KIND", 2)
        return found
    chosen: list[SourceConfig] = []
    for name in names:
        by_kind = [source for source in configured if source.kind == name]
        chosen += by_kind or [session.config.source(name)]
    return chosen


def _dry_run(session: Session, source: SourceConfig, start: Any) -> None:
    from collector.collect import preview

    pipeline = session.pipeline
    say(f"{source.name} ({source.kind}): what would be kept")
    spent: Counter[str] = Counter()

    def on_spent(period: str, count: int) -> None:
        spent[period] += count

    shown = preview(
        pipeline.store, source, session.config.brands, pipeline.client,
        now=pipeline.clock(), since=start, on_spent=on_spent,
    )  # fmt: skip
    try:
        kept, left = _print_verdicts(shown)
        say(f"{kept:,} would be kept, {left:,} left out.")
    finally:
        say(_written(spent))


def _print_verdicts(shown: Iterable[Verdict | str]) -> tuple[int, int]:
    """Print what would become of each item; returns how many would be kept, and how many left out."""
    kept = left = 0
    for verdict in shown:
        if isinstance(verdict, str):
            say(f"  note   {verdict}")
            continue
        kept, left = kept + bool(verdict.mentions), left + (not verdict.mentions)
        sign = "keep  " if verdict.mentions else "leave "
        text = " ".join(verdict.item.text.split())[:90]
        say(f"  {sign} {verdict.item.created_at:%Y-%m-%d %H:%M}  {text!r}  [{verdict.reason}]")
    return kept, left


def _written(spent: Mapping[str, int]) -> str:
    """What a dry run wrote: no mention, but what it was paid for counts."""
    counted = [
        f"{count:,} posts paid for are counted in the budget of {period}" for period, count in spent.items() if count
    ]
    return f"No mention was written, but {' and '.join(counted)}." if counted else "Nothing was written."


def sources(
    action: str | None = typer.Argument(None, help="Nothing: how they stand. kinds: what there is. add: a new one."),
    kind: str | None = typer.Argument(None, help="With add: the kind of source."),
    config: Path | None = ConfigOption,
    json: bool = JsonOption,
) -> None:
    """How every source stands; which kinds there are; add one to the configuration."""
    if action == "kinds":
        _print_kinds(json=json)
    elif action == "add":
        from dashboard.config import find_config
        from dashboard.example import add_source

        say(add_source(find_config(config), kind))
    elif action is None:
        _print_health(Session(config), json=json)
    else:
        fail(f"groundswell sources {action}: there is no such action; there are kinds and add.", 2)


def _print_kinds(*, json: bool) -> None:
    from dataclasses import fields

    from collector.sources import kinds

    found = {
        name: {
            "what": (module.__doc__ or "").strip().splitlines()[0],
            "options": [f.name for f in fields(module.Settings)],
        }
        for name, module in sorted(kinds().items())
    }
    if json:
        print_json(found)
    else:
        print_table(["kind", "what", "options"], [[n, k["what"], ", ".join(k["options"])] for n, k in found.items()])


def _print_health(session: Session, *, json: bool) -> None:
    from collector.store.runs import state_of
    from dashboard.queries.health import volumes
    from dashboard.standing import State, promise_of, standing
    from dashboard.words import moment, span

    now, zone = session.pipeline.clock(), session.config.zone
    last = now.astimezone(zone).date()
    brands = [brand.name for brand in session.config.brands]
    with session.store.read() as conn:
        states = {source.name: state_of(conn, source.name) for source in session.config.sources}
        week = volumes(conn, brands, last - timedelta(days=6), last)
    mentions = dict(zip(week["source"], week["mentions"], strict=True))
    rows = []
    for source in session.config.sources:
        kept: Mapping[Any, Any] = states[source.name] or {}
        stands = standing(source, kept, now, zone)
        rows.append(
            {
                "source": source.name,
                "kind": source.kind,
                "brand": source.brand,
                "state": stands.state.value,
                "told": stands.sentence,
                "last_success": kept.get("last_success"),
                "promised_within": span(promise_of(source)),
                "requests_left": kept.get("budget_left"),
                "next_run": kept.get("next_run"),
                "because": kept.get("pace"),
                "mentions_a_day": round(int(mentions.get(source.name, 0)) / 7, 1),
                "error": kept.get("last_error") if stands.state is State.FAILING else None,
            }
        )
    if json:
        print_json(rows)
        return
    # What no source has takes no column: a terminal is narrow.
    shown = [name for name in (rows[0] if rows else ()) if any(row[name] is not None for row in rows)]
    told = [[moment(cell, zone) if isinstance(cell := row[name], datetime) else cell for name in shown] for row in rows]
    print_table([name.replace("_", " ") for name in shown or ["source"]], told)


def webhook(
    config: Path | None = ConfigOption,
    address: str = typer.Option("127.0.0.1", help="Address to listen on; put a proxy with TLS before it."),
    port: int = typer.Option(8502, help="Port to listen on."),
) -> None:
    """Take in what webhooks send (POST /hooks/SOURCE, signed), in a process of its own, until Ctrl-C."""
    import uvicorn

    from collector.sources import is_pushed
    from collector.webhook import Receiver

    session = Session(config)
    pushed = [source for source in session.config.sources if is_pushed(source) and source.enabled]
    if not pushed:
        fail("No webhook is configured. Add one: groundswell sources add webhook", 2)
    for source in pushed:
        say(f"{source.name}: POST http://{address}:{port}/hooks/{source.name}")
    receiver = Receiver(session.store, session.config.sources, session.config.brands, session.pipeline.clock)
    uvicorn.run(receiver, host=address, port=port, log_level="warning")


def erase(
    mention: list[str] = typer.Option([], "--mention", help="A mention: its number, its source/id, or its link."),
    author: str | None = typer.Option(None, help="An author as the source knows them (with --source)."),
    source: str | None = typer.Option(None, help="The source that knows the author."),
    config: Path | None = ConfigOption,
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Erase a mention, or all that an author said, everywhere; it is not collected again."""
    from dashboard.erasure import find, keep_out, remove

    session = Session(config)
    if bool(mention) == bool(author):
        fail("Say what to erase: --mention ID, or --author NAME --source SOURCE.", 2)
    ids = find(session.store, mentions=mention, author=author, source=source)
    if ids and not yes:
        typer.confirm(f"Erase {len(ids)} mentions with text, author, readings and corrections, for good?", abort=True)
    kept_out = keep_out(session.store, mention)
    if kept_out:
        say(f"{kept_out} were deleted at their source before; they stay away even if it shows them again.")
    if ids:
        gone = remove(session.store, ids, session.pipeline.clock())
        say(f"Erased {gone} mentions. Files exported before hold them still; export again.")
    elif not kept_out:
        warn("Nothing was found, so nothing was erased.")
        raise typer.Exit(1)
