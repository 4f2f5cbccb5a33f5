"""What a cycle begins from, and what it has to work through.

Knows: which earlier map may be carried on, which observations the map has not seen yet, and
whether a file is the one that its name promises. Refuses to know: what is done with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from pipeline import archives, instruments, publish, surface
from pipeline.archives import Fetched, Fetcher, Found, Ledger
from pipeline.core import BadFile, GlobalMap, Quality, SolarImage
from pipeline.settings import Settings, grid

MAGNETOGRAPHS = ("hmi", "gong")
# A file's name tells its time of observation to a few minutes; the next comes after ten.
SLOT = timedelta(minutes=5)


@contextmanager
def open_archives(settings: Settings) -> Iterator[Fetcher]:
    """The archives of the settings, what they give being kept in the data directory."""
    with (
        closing(Ledger(settings.ledger_url)) as ledger,
        Fetcher(settings.data / "cache", ledger, settings.archives.mirror) as fetcher,
    ):
        yield fetcher


def recall(
    store: publish.Store, at: datetime, settings: Settings, notes: list[str]
) -> GlobalMap | None:
    """The newest map before *at* that is whole, on the grid, and not too old."""
    for older in store.before(at):
        path = older.files["synchronic"]
        if older.valid_time < at - settings.cycle.history:
            notes.append(f"{path.name}: too old to be carried on.")
            return None
        try:
            state = publish.read_map(path)
        except BadFile as error:
            notes.append(str(error))
            continue
        if state.grid != grid(settings.surface.grid):
            notes.append(f"{path.name}: on another grid, so it is not carried on.")
            return None
        # Notes and quality are each map's own; inputs are counted from the previous map on.
        return replace(state, previous=archives.local(path), notes=(), qc=Quality.GOOD, inputs=())
    return None


def first_guess(fetcher: Fetcher, begin: datetime, settings: Settings) -> Found:
    """The newest synoptic map that a cold start may begin from."""
    return fetcher.newest(archives.GONG_SYNOPTIC, begin, settings.cycle.first_guess)


def observations(
    fetcher: Fetcher,
    state: GlobalMap | None,
    begin: datetime,
    at: datetime,
    settings: Settings,
) -> Found:
    """Magnetograms that the map has not seen: every HMI frame, and GONG's newest."""
    oldest = at - settings.cycle.history
    last = state.last_observed if state else {}
    seen = {name: max(time + SLOT, oldest) for name, time in last.items()}
    since = {name: seen.get(name, begin) for name in MAGNETOGRAPHS}
    sparse = at - since["hmi"] > settings.cycle.window
    every = settings.cycle.step if sparse else SLOT
    parts = [
        fetcher.between(archives.HMI, since["hmi"], at, every),
        fetcher.newest(archives.GONG_FULL_DISK, at, min(at - since["gong"], settings.cycle.stale)),
    ]
    files = sorted((f for part in parts for f in part.files), key=lambda fetched: fetched.time)
    days = [f"{day}" for part in parts for day in part.missing]
    missing = [f"hmi: no frame of {', '.join(days)}."] if days else []
    problems = [problem for part in parts for problem in part.problems]
    return Found(tuple(files), (*missing, *problems))


def begin_from(guess: Found, begin: datetime, settings: Settings, notes: list[str]) -> GlobalMap:
    """The map before the first observation: a synoptic map if there is one, else ignorance."""
    for fetched in guess.files:
        try:
            return surface.first_guess(instruments.read(fetched.file), grid(settings.surface.grid))
        except BadFile as error:
            notes.append(str(error))
    return surface.blank(begin, grid(settings.surface.grid))


def read(fetched: Fetched, at: datetime) -> SolarImage:
    """The image in a fetched file.

    Raises
    ------
    BadFile : it cannot be read, its header tells another time than its name, or one after *at*.
    """
    image = instruments.read(fetched.file)
    time = image.observation.time
    if abs(time - fetched.time) > SLOT or time > at:
        raise BadFile(
            fetched.file.path,
            f"its header gives {time:%Y-%m-%d %H:%M:%SZ} for {fetched.time:%Y-%m-%d %H:%MZ}",
            "take the next frame",
        )
    return image
