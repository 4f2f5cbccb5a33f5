"""A simulated Sun, observed into the folders of the real archives, with the truth beside it.

The folder holds HOST/PATH as :mod:`pipeline.archives` asks for it, as it would look at
the end of the simulation: what has not appeared by then is not there, and a file is as
old as it would be. ``truth/`` holds what was observed.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.core import BadRequest, CarringtonGrid
from pipeline.simulator.campaign import HOUR, Campaign
from pipeline.simulator.files import changed
from pipeline.simulator.instruments import Instrument, instruments
from pipeline.simulator.sun import Moment, simulate
from pipeline.simulator.truth import write_day

DEFAULT = ("hmi", "gong", "gong-synoptic", "gong-seismic", "hmi-seismic", "euvi")
EARLIEST, LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

Track = Callable[[Iterable[Moment], int], Iterable[Moment]]


@dataclass(frozen=True, slots=True)
class Written:
    """What a simulation left behind: files by instrument, their size, and the truth."""

    folder: Path
    files: dict[str, int]
    size: int
    truth: tuple[Path, ...]


def write_archive(
    folder: Path,
    start: datetime,
    end: datetime,
    *,
    seed: int = 0,
    names: Sequence[str] = DEFAULT,
    every: timedelta = 3 * HOUR,
    hmi_size: int = 1024,
    grid: CarringtonGrid | None = None,
    track: Track = lambda moments, _: moments,
) -> Written:
    """Simulate from *start* to *end* (UTC) and write what the archives would hold at *end*.

    names : of the instruments
    every : series that are denser are thinned to one file in this time
    hmi_size : pixels along a side of HMI frames
    grid : of the Sun, 1440 by 720 by default; a multiple of 360 by 180
    track : wraps the hours, told how many there are, to show progress

    Raises
    ------
    BadRequest : the period, an instrument, a size or the folder makes no sense.
    CannotWrite : the file system refuses.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    _require_period(start, end)
    _require_empty(folder)
    if not 64 <= hmi_size <= 4096:
        raise BadRequest(f"HMI frames of {hmi_size} pixels cannot be made; give 64 to 4096.")
    if every < timedelta(minutes=1):
        raise BadRequest("No archive has a file every few seconds; give 1m or more.")
    grid = grid or CarringtonGrid(1440, 720)
    if grid.nlon % 360 or grid.nlat % 180:
        raise BadRequest(f"A Sun of {grid.nlon}x{grid.nlat} cells does not divide into degrees.")
    campaign = Campaign(seed, end, every, hmi_size)
    chosen = _chosen(names, instruments(campaign))
    hours = (end - start) // HOUR + 1
    counts = dict.fromkeys(chosen, 0)
    size = 0
    day: list[Moment] = []
    truths = []
    for moment in track(simulate(start, hours, seed, grid), hours):
        if day and day[0].time.date() != moment.time.date():
            truths.append(write_day(folder, day))
            day = []
        day.append(moment)
        for name, instrument in chosen.items():
            for file in instrument(moment):
                if file.appears <= end:
                    path = folder / file.path
                    file.write(path)
                    changed(path, file.appears)
                    counts[name] += 1
                    size += path.stat().st_size
    truths.append(write_day(folder, day))
    return Written(folder, counts, size, tuple(truths))


def _require_period(start: datetime, end: datetime) -> None:
    if end <= start:
        raise BadRequest(
            f"The simulation would end ({end:%Y-%m-%dT%H:%MZ}) before it begins "
            f"({start:%Y-%m-%dT%H:%MZ}); give a later end or a positive number of days."
        )
    if start != start.replace(minute=0, second=0, microsecond=0):
        raise BadRequest(
            f"The Sun is simulated on the hour; begin at {start:%Y-%m-%dT%H:00Z}, "
            f"not at {start:%H:%M:%S}."
        )
    if start < EARLIEST or end > LATEST:
        raise BadRequest(
            f"The Sun is simulated from {EARLIEST:%Y} to {LATEST:%Y}; "
            f"{start:%Y-%m-%d} to {end:%Y-%m-%d} is not within."
        )


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadRequest(
            f"{folder} is not an empty folder; name a new one, for two Suns do not mix."
        )


def _chosen(names: Sequence[str], known: Mapping[str, Instrument]) -> dict[str, Instrument]:
    for name in names:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise BadRequest(
                f"Unknown instrument {name!r}; did you mean {nearest!r}? "
                f"There are {', '.join(known)}."
            )
    return {name: known[name] for name in dict.fromkeys(names)}
