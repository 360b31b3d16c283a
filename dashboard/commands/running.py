"""Commands that set up and run the whole: init, up, doctor."""

from __future__ import annotations

from pathlib import Path

import typer

from dashboard.commands.console import ConfigOption, JsonOption, Session, fail, print_json, print_table, say

DEMO_FOLDER = Path("groundswell-demo")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(init)
    app.command()(up)
    app.command()(doctor)


def init(folder: Path = typer.Argument(Path(), help="Where to put groundswell.toml.")) -> None:
    """Write a commented groundswell.toml to start from."""
    from dashboard.example import EXAMPLE

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "groundswell.toml"
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(EXAMPLE)
    except FileExistsError:
        fail(f"{file} exists already and was left as it is.")
    say(f"Wrote {file}. Edit it (every line is explained there), then: groundswell doctor   and   groundswell up")


def up(
    demo: bool = typer.Option(False, "--demo", help="A sample company with 120 days of mentions; needs no network."),
    config: Path | None = ConfigOption,
    port: int | None = typer.Option(None, help="Port of the dashboard, instead of the configured one."),
    no_dashboard: bool = typer.Option(False, "--no-dashboard", help="Only collect, read, judge and notify."),
    fresh: bool = typer.Option(False, "--fresh", help="With --demo: begin the sample company anew."),
) -> None:
    """Run everything until Ctrl-C: the schedule, and the dashboard beside it."""
    from dashboard.service import demo_config, serve

    if demo:
        config = demo_config(DEMO_FOLDER, fresh=fresh)
    serve(Session(config), port=port, dashboard=not no_dashboard)


def doctor(config: Path | None = ConfigOption, json: bool = JsonOption) -> None:
    """Check configuration, store, model, sources and mail, and say what to do about each."""
    from dashboard.doctor import examine

    findings = examine(config)
    if json:
        print_json([finding.as_dict() for finding in findings])
    else:
        print_table(["", "what", "finding"], [[f.sign, f.what, f.sentence] for f in findings])
    if any(not finding.good for finding in findings):
        raise typer.Exit(1)
