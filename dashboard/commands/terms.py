"""Commands on term rules: terms list, terms add, terms off."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dashboard.commands.console import ConfigOption, JsonOption, Session, fail, print_json, print_table, say
from dashboard.words import count

if TYPE_CHECKING:
    from dashboard.queries.labels import KeptRule


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="Term rules: what a word means here, where the model takes it otherwise.")
    group.command("list")(list_rules)
    group.command()(add)
    group.command()(off)
    app.add_typer(group, name="terms", no_args_is_help=True)


def list_rules(config: Path | None = ConfigOption, json: bool = JsonOption) -> None:
    """The rules there are, and how many mentions each changes."""
    from dashboard.queries.labels import rules
    from sentiment.terms import told

    session = Session(config)
    with session.store.read() as conn:
        found = rules(conn)
    if json:
        print_json(
            [
                {"id": k.rule.id, "rule": told(k.rule), "term": k.rule.term, "aspect": k.rule.aspect}
                | {"after": k.rule.after, "brand": k.rule.brand, "language": k.rule.language}
                | {"who": k.who, "at": k.at, "off_by": k.off_by, "off_at": k.off_at, "changed": k.changed}
                for k in found
            ]
        )
    elif not found:
        say('There are no term rules. Try one: groundswell terms add "sick" --means positive --dry-run')
    else:
        print_table(
            ["id", "rule", "brand", "language", "by", "changes"],
            [(k.rule.id, told(k.rule), k.rule.brand, k.rule.language, k.who, _standing(k)) for k in found],
        )


def _standing(kept: KeptRule) -> str:
    return count(kept.changed) if kept.off_at is None else f"off since {kept.off_at:%Y-%m-%d}"


def add(
    term: str = typer.Argument(..., help="Word or expression, as customers write it."),
    means: str = typer.Option(..., "--means", help="negative, neutral or positive; absent: not about the --aspect."),
    aspect: str | None = typer.Option(None, help="Name of an aspect; left out: the sentiment of the whole mention."),
    brand: str | None = typer.Option(None, help="Only mentions of this brand."),
    language: str | None = typer.Option(None, help="Only texts read in this language (en, de, …)."),
    who: str = typer.Option("command line", help="Who says so; kept with the rule."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only show what it would change."),
    config: Path | None = ConfigOption,
) -> None:
    """Show what a rule changes, and switch it on."""
    from dashboard.binding import nearest
    from sentiment.store.terms import preview, settle, switch_on
    from sentiment.taxonomy import taxonomy
    from sentiment.terms import BadRule, term_rule, told

    if aspect is not None and aspect not in taxonomy().aspects:
        fail(f"There is no aspect {aspect!r}; {nearest(aspect, list(taxonomy().aspects))}.", 2)
    try:
        made = term_rule(term, None if means == "absent" else means, aspect=aspect, brand=brand, language=language)
    except BadRule as error:
        fail(str(error), 2)
    session = Session(config)
    if brand is not None and brand not in [each.name for each in session.config.brands]:
        fail(f"There is no brand {brand!r}; {nearest(brand, [each.name for each in session.config.brands])}.", 2)
    with session.store.read() as conn:
        seen = preview(conn, made)
    say(f"{told(made)}: {count(seen.matching, 'mention has', 'mentions have')} it, {count(seen.changed)} would change.")
    for (before, after), many in seen.changes.items():
        say(f"  {count(many)} from {before} to {after}")
    for example in seen.examples[:5]:
        say(f"  {example.before} → {example.after}: {example.passage}")
    if seen.more:
        say(f"Only the newest {count(seen.looked_at)} with these words were looked at; older ones follow too.")
    if dry_run:
        return
    with session.store.write() as conn:
        number = switch_on(conn, made, who=who, now=session.pipeline.clock())
    done = sum(settle(session.store))
    say(f"On, as rule {number}; {count(done, 'mention', 'mentions')} looked at. Undo: groundswell terms off {number}")


def off(
    rule: int = typer.Argument(..., help="Number of the rule: groundswell terms list."),
    who: str = typer.Option("command line", help="Who says so; kept with the rule."),
    config: Path | None = ConfigOption,
) -> None:
    """Switch a rule off; what it changed is as before."""
    from sentiment.store.terms import settle, switch_off

    session = Session(config)
    with session.store.write() as conn:
        was_on = switch_off(conn, rule, who=who, now=session.pipeline.clock())
    if not was_on:
        fail(f"There is no rule {rule} that is on; see: groundswell terms list")
    done = sum(settle(session.store))
    say(f"Off; {count(done, 'mention', 'mentions')} looked at. What it changed is as before.")
