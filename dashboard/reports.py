"""What a run of a source did, in words, for the terminal and the screens."""

from __future__ import annotations

from collector.collect import RunReport


def in_words(report: RunReport) -> str:
    """One line: what came, over how many pages, and what a person should know beside it."""
    if report.skipped:
        return f"{report.source}: not read now. {report.skipped}"
    pages = f"{report.pages:,} page{'' if report.pages == 1 else 's'}"
    line = f"{report.source}: {what_came(report)} in {pages}"
    if report.note:
        line += f". Note: {report.note}"
    return f"{line}. FAILED: {report.error}" if report.error else line


def what_came(report: RunReport) -> str:
    """The figures of a run that are not zero."""
    parts = [
        f"{report.new:,} new",
        f"{report.edited:,} edited",
        f"{report.unchanged:,} known already",
        f"{report.unmatched:,} about no brand",
        f"{report.rejected:,} rejected",
        f"{report.deleted:,} deleted",
    ]
    return ", ".join(part for part in parts if not part.startswith("0 ")) or "nothing new"
