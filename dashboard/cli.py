"""The command `groundswell`: which commands there are, and the one place where an error becomes a sentence."""

from __future__ import annotations

import logging
import sys
from importlib.metadata import version

import structlog
import typer

from dashboard import is_ours
from dashboard.commands import collecting, judging, reading, running, telling, terms
from dashboard.commands.console import out, warn

app = typer.Typer(
    name="groundswell",
    help="A self-hosted monitor of what customers say in public.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (running, collecting, reading, terms, judging, telling):
    module.register(app)

_CALLED_WRONGLY = {"ConfigError", "BadSettings", "ClassifierProblem"}
"""By name, for the modules that define them need not be loaded: what is configured or given cannot be used."""


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"groundswell {version('groundswell')}")
        raise typer.Exit


@app.callback()
def groundswell(
    _version: bool = typer.Option(
        False, "--version", is_eager=True, callback=_show_version, help="Print the version and exit."
    ),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log what happens, to stderr."),
) -> None:
    """Say which log lines are seen; they go to stderr, so that --json stays clean."""
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, stream=sys.stderr)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if verbose else logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        # The usual one prints the variables of each frame as well: chat addresses with their secrets, public text.
        processors=[
            *structlog.get_config()["processors"][:-1],
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ],
    )


def main() -> None:
    """Run a command. Exit codes: 0 done, 1 it failed, 2 the configuration or the way it was called is wrong."""
    try:
        app(standalone_mode=True)
    except BrokenPipeError:
        # Whoever read our output (head, less) has had enough.
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        warn("Stopped.")
        sys.exit(130)
    except Exception as error:
        if not is_ours(error):
            raise
        warn(str(error))
        sys.exit(2 if _CALLED_WRONGLY & {kind.__name__ for kind in type(error).__mro__} else 1)


if __name__ == "__main__":
    main()
