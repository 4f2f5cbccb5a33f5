"""What users write on the command line, as what it means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from pipeline.core import BadRequest, parse_utc
from pipeline.settings import parse_duration

Output = Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="File to write.")]


def valid_time(text: str | None) -> datetime:
    """The moment asked for, or the last full hour."""
    now = datetime.now(UTC)
    if text is None:
        return now.replace(minute=0, second=0, microsecond=0)
    time = parse_utc(text).replace(second=0, microsecond=0)
    if time > now:
        raise BadRequest(f"{text} is in the future; give a time up to now (UTC).")
    if time.year < 1970:
        raise BadRequest(f"{text} is before the first magnetograms; give a time from 1970 on.")
    return time


def later(time: datetime, days: float) -> datetime:
    """*days* after *time*."""
    try:
        return time + timedelta(days=days)
    except (ValueError, OverflowError):
        raise BadRequest(
            f"{days:g} days after {time:%Y-%m-%d} is no date; give a number like 3 or 0.5."
        ) from None


def duration(text: str | None) -> timedelta | None:
    """A length of time such as ``28d``, if one was given."""
    try:
        return None if text is None else parse_duration(text)
    except ValueError as error:
        raise BadRequest(f"{text!r} cannot be used: {error}.") from None
