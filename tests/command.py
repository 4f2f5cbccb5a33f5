"""Running the command."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from click.testing import Result
from typer.testing import CliRunner

from pipeline.cli import app

ALLSUN = Path(sys.executable).with_name("allsun")
NOON = datetime(2014, 5, 20, 12, tzinfo=UTC)
AT = ("--at", "2014-05-20T12:00Z")
SMALL = {"ALLSUN_SURFACE__GRID": "360x180", "ALLSUN_CORONA__RADIAL_CELLS": "4"}

# What a cycle prints for programs, what it shows on a terminal, and its data directory.
Published = tuple[dict[str, Any], str, Path]


def allsun(*arguments: object, **environment: str) -> Result:
    """Run a command in this process."""
    try:
        return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)
    finally:
        structlog.reset_defaults()  # what a command set up was for its own process


def installed(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    return subprocess.run(
        [ALLSUN, *map(str, arguments)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def on_a_terminal(*arguments: object, **environment: str) -> tuple[str, str]:
    """Standard output of the installed command, and what a terminal shows of its errors."""
    terminal, screen = pty.openpty()
    shown: list[bytes] = []

    def watch() -> None:
        try:
            while text := os.read(terminal, 4096):
                shown.append(text)
        except OSError:  # the other end has closed
            return

    watcher = threading.Thread(target=watch)
    watcher.start()
    ran = subprocess.run(
        [ALLSUN, *map(str, arguments)],
        env=os.environ | environment | {"TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=screen,
        check=False,
    )
    os.close(screen)
    watcher.join()
    os.close(terminal)
    screenful = b"".join(shown).decode()
    assert ran.returncode == 0, screenful
    return ran.stdout.decode(), screenful


def complaint(result: Result) -> str:
    """The one sentence that a failed command says, on standard error alone."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert re.fullmatch(r"allsun: .*[.?]\n", result.stderr), result.stderr
    assert not re.search("Traceback|Unexpected", result.stderr)
    return result.stderr.removeprefix("allsun: ").strip()
