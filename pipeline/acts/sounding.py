"""What helioseismology tells of the far side: the newest map and lists, and how to read them.

Knows: which archives hold them, and that for many half days there is none, which is no news.
Refuses to know: what a region is worth.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from pipeline import archives, instruments, surface
from pipeline.archives import Fetched, Fetcher, Found
from pipeline.core import BadFile, SeismicRegions

GROUPS = (archives.SEISMIC_GONG, archives.SEISMIC_GONG_REGIONS, archives.SEISMIC_HMI_REGIONS)
# A map rests on a day of observations, and its header gives their middle.
SPAN = timedelta(hours=12)


def fetch(fetcher: Fetcher, at: datetime, age: timedelta) -> Found:
    """The newest of every kind at or before *at*, no older than *age*."""
    files: list[Fetched] = []
    problems: list[str] = []
    for group in GROUPS:
        found = fetcher.newest(group, at, age)
        files += found.files
        absent = f"{group.name}: no observation"
        problems += [problem for problem in found.problems if not problem.startswith(absent)]
    return Found(tuple(files), tuple(problems))


def read(files: Iterable[Fetched], at: datetime, notes: list[str]) -> list[SeismicRegions]:
    """The regions that every file tells of.

    notes : receives why a file cannot be used
    """
    found = []
    for fetched in files:
        try:
            found.append(_read(fetched, at))
        except BadFile as error:
            notes.append(str(error))
    return found


def _read(fetched: Fetched, at: datetime) -> SeismicRegions:
    path = fetched.file.path
    if path.suffix == ".txt":
        return instruments.read_regions(fetched.file, fetched.time)
    regions = surface.seismic_regions(instruments.read(fetched.file))
    time = regions.observation.time
    if abs(time - fetched.time) > SPAN or time > at:
        raise BadFile(
            path,
            f"its header gives {time:%Y-%m-%d %H:%MZ} for {fetched.time:%Y-%m-%d %H:%MZ}",
            "take the next map",
        )
    return regions
