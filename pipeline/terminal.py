"""How commands speak: their common options, summaries, progress and errors.

Every command returns a :class:`Report`; whether a person or a program reads it is
decided here. Foreseen errors are printed as the sentence they carry, and standard
output is kept for results.
"""

from __future__ import annotations

import functools
import inspect as signatures
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from pipeline import settings as configuration
from pipeline.core import AllsunError

KEYWORD_ONLY = signatures.Parameter.KEYWORD_ONLY


@dataclass(frozen=True, slots=True)
class Report:
    """What a command has to say.

    data : for programs (``--json``); text : for people
    done : False if the work was not done, though there is something to say
    """

    data: Mapping[str, Any]
    text: str
    done: bool = True


Config = Annotated[Path | None, typer.Option(help="Settings file (TOML).")]
Archive = Annotated[
    str | None, typer.Option(help="Folder or web address that stands for the archives.")
]
Data = Annotated[Path | None, typer.Option(help="Data directory.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result for programs.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error came from.")]


def command(
    group: typer.Typer, name: str | None = None
) -> Callable[[Callable[..., Report]], Callable[..., None]]:
    """Add a command to *group*, with the options that every command has.

    The function's first argument receives the settings that those options give.
    name : of the command, if not that of the function
    """

    def register(function: Callable[..., Report]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(
            *,
            config: Path | None,
            archive: str | None,
            data: Path | None,
            as_json: bool,
            debug: bool,
            **own: Any,
        ) -> None:
            _log_to_standard_error()
            with _sentences(debug):
                settings = configuration.load(config, data=data, mirror=archive)
                report = function(settings, **own)
                print(json.dumps(report.data, indent=1) if as_json else report.text)
            raise typer.Exit(0 if report.done else 1)

        own = list(signatures.signature(function, eval_str=True).parameters.values())[1:]
        common = [
            signatures.Parameter(name, KEYWORD_ONLY, default=default, annotation=kind)
            for name, kind, default in (
                ("config", Config, None),
                ("archive", Archive, None),
                ("data", Data, None),
                ("as_json", Json, False),
                ("debug", Debug, False),
            )
        ]
        signature = signatures.Signature([p.replace(kind=KEYWORD_ONLY) for p in own] + common)
        run.__signature__ = signature  # type: ignore[attr-defined]  # typer reads this one
        run.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
        group.command(name)(run)
        return run

    return register


def as_text(summary: Mapping[str, Any], indent: str = "") -> str:
    """The summary for a person: a label and a value on each line."""
    width = max((len(key) for key in summary), default=0)
    lines = []
    for key, value in summary.items():
        label = f"{indent}{key.replace('_', ' '):<{width}}  "
        if isinstance(value, Mapping):
            lines += [label.rstrip(), as_text(value, indent + "  ")]
        elif isinstance(value, list):
            lines += [label + f"{item}" for item in value] or [label + "none"]
        elif isinstance(value, float):
            lines.append(label + f"{value:.4g}")
        else:
            lines.append(label + f"{value}")
    return "\n".join(lines)


def as_table(rows: Sequence[Mapping[str, Any]], empty: str) -> str:
    """The rows for a person, their keys as headings; *empty* if there are none."""
    if not rows:
        return empty
    table = Table(box=None, pad_edge=False)
    keys = list(dict.fromkeys(key for row in rows for key in row))
    for key in keys:
        table.add_column(key.replace("_", " "), overflow="fold")
    for row in rows:
        values = (row.get(key, "") for key in keys)
        table.add_row(*(f"{v:.4g}" if isinstance(v, float) else escape(f"{v}") for v in values))
    console = Console(width=max(100, Console().width))
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip()


def _log_to_standard_error() -> None:
    """Keep standard output for results: libraries log wherever nobody told them.

    The stream is asked for at every line, for whoever runs a command within a process may have
    closed the one of its beginning.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


@contextmanager
def _sentences(debug: bool) -> Iterator[None]:
    """Turn errors into one sentence on standard error and exit status 1."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if debug:
            raise
        print(f"allsun: {_sentence(error)}", file=sys.stderr)
        raise typer.Exit(1) from None


def _sentence(error: Exception) -> str:
    if isinstance(error, AllsunError):
        return str(error)
    return f"Unexpected {type(error).__name__}: {error}. Run again with --debug and report it."


def progress(
    items: Iterable[Any], doing: str = "Assimilating", total: int | None = None
) -> Iterable[Any]:
    """A progress bar on standard error, where that is a terminal."""
    console = Console(stderr=True)
    return track(items, doing, total, console=console, disable=not console.is_terminal)
