"""What a cycle begins from, and what it has to work through.

Knows: which earlier map may be carried on, which observations the map has not seen yet, and
whether a file is the one that its name promises. Refuses to know: what is done with them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline import archives, instruments, publish, surface
from pipeline.archives import Fetched, Fetcher, Found, Ledger
from pipeline.core import BadFile, GlobalMap, Quality, SolarImage
from pipeline.settings import Settings, grid

MAGNETOGRAPHS = ("hmi", "gong")
# A file's name tells its time of observation to a few minutes; the next comes after ten.
SLOT = timedelta(minutes=5)
# What comes so late is carried on to the map: it drifts by less than a cell of a degree.
LATE = timedelta(hours=6)
# An imager takes its wavelengths one after another, EUVI's beacon 304 Å every half hour; in that
# time nothing moves by a cell of the map.
TOGETHER = timedelta(minutes=35)
NEVER = datetime.min.replace(tzinfo=UTC)
EUVI = ("euvi science", "euvi beacon")  # archives whose files tell their wavelength inside

Look = tuple[Fetched, ...]


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
        state = _with_members(state, older, notes)
        # Notes and quality are each map's own; inputs are counted from the previous map on.
        return replace(state, previous=archives.local(path), notes=(), qc=Quality.GOOD, inputs=())
    return None


def _with_members(state: GlobalMap, older: publish.ProductSet, notes: list[str]) -> GlobalMap:
    """*state* with the ensemble saved beside it; without one it begins anew from the map."""
    path = older.files.get("state")
    try:
        return publish.with_stored_members(state, path) if path else state
    except BadFile as error:
        notes.append(str(error))
        return state


def rewound(
    store: publish.Store,
    fetcher: Fetcher,
    state: GlobalMap | None,
    found: Found,
    at: datetime,
    settings: Settings,
    notes: list[str],
    imagers: Collection[str] = (),
) -> tuple[GlobalMap | None, Found]:
    """An earlier map and all that was observed since, if an observation came very late.

    Flux cannot be carried back, so what is hours older than the map enters a map of its own
    time, and all after it enters again. Without such a map, or if the late one cannot be read,
    everything stays as it is.
    """
    begin = at - settings.cycle.window
    while state and (late := _late(found, state)):
        try:
            _of_its_time(late, at)
        except BadFile:
            break
        earlier = recall(store, late.time + LATE, settings, notes)
        if earlier is None:
            break
        state, found = earlier, observations(fetcher, earlier, begin, at, settings, imagers)
    return state, found


def _late(found: Found, state: GlobalMap) -> Fetched | None:
    """A magnetogram that comes very late; pictures from afar always do."""
    oldest = next((fetched for fetched in found.files if fetched.archive not in EUVI), None)
    return oldest if oldest and oldest.time < state.time - LATE else None


def first_guess(fetcher: Fetcher, begin: datetime, settings: Settings) -> Found:
    """The map that a cold start begins from: the one that is named, or the newest synoptic one.

    Raises
    ------
    BadFile : the one that is named is missing or broken.
    """
    if named := settings.cycle.begin_from:
        return Found((Fetched(archives.local(named), begin, "named"),))
    return fetcher.newest(archives.GONG_SYNOPTIC, begin, settings.cycle.first_guess)


def observations(
    fetcher: Fetcher,
    state: GlobalMap | None,
    begin: datetime,
    at: datetime,
    settings: Settings,
    imagers: Collection[str] = (),
) -> Found:
    """What the map has not seen: every HMI frame, GONG's newest, and pictures of *imagers*.

    imagers : instruments whose extreme-ultraviolet pictures some network takes
    """
    oldest = at - settings.cycle.history
    last = state.last_observed if state else {}
    seen = {name: max(time + SLOT, oldest) for name, time in last.items()}
    since = {name: seen.get(name, begin) for name in (*MAGNETOGRAPHS, *imagers)}
    sparse = at - since["hmi"] > settings.cycle.window
    every = settings.cycle.step if sparse else SLOT
    parts = [
        fetcher.between(archives.HMI, since["hmi"], at, every),
        fetcher.newest(archives.GONG_FULL_DISK, at, min(at - since["gong"], settings.cycle.stale)),
    ]
    parts += [_pictures(fetcher, since[name], at, settings.cycle.step) for name in imagers]
    files = sorted((f for part in parts for f in part.files), key=lambda fetched: fetched.time)
    days = [f"{day}" for part in parts for day in part.missing]
    missing = [f"hmi: no frame of {', '.join(days)}."] if days else []
    problems = [problem for part in parts for problem in part.problems]
    return Found(tuple(files), (*missing, *problems))


def _pictures(fetcher: Fetcher, since: datetime, at: datetime, every: timedelta) -> Found:
    """The newest pictures of EUVI at every wavelength, and so in steps of *every* back."""
    newest = fetcher.between(archives.EUVI, since, at, every)
    sets = [fetcher.between(archives.EUVI, f.time - TOGETHER, f.time) for f in newest.files]
    files = {fetched.time: fetched for part in sets for fetched in part.files}
    problems = [problem for part in (newest, *sets) for problem in part.problems]
    return Found(tuple(files.values()), tuple(dict.fromkeys(problems)))


def looks(files: Iterable[Fetched]) -> list[Look]:
    """*files* as they are used, in order of time: pictures of about one time are one look."""
    together: list[Look] = []
    apart: list[Look] = []
    for fetched in sorted(files, key=lambda fetched: fetched.time, reverse=True):
        newest = together[-1][-1].time if together else fetched.time + SLOT + TOGETHER
        if fetched.archive not in EUVI:
            apart.append((fetched,))
        elif newest - fetched.time <= TOGETHER:
            together[-1] = (fetched, *together[-1])
        else:
            together.append((fetched,))
    return sorted([*apart, *together], key=lambda look: look[-1].time)


def missed(
    state: GlobalMap,
    found: Found,
    imagers: Collection[str],
    used: Collection[str],
    settings: Settings,
) -> Quality:
    """Whether an imager that a network waits for gave nothing usable, now or for a long time.

    used : instruments of which something entered the map now
    """
    came = any(fetched.archive in EUVI for fetched in found.files)
    oldest = state.time - settings.cycle.window
    absent = [
        name
        for name in imagers
        if (came and name not in used) or state.last_observed.get(name, NEVER) < oldest
    ]
    return Quality.INSTRUMENT_ABSENT if absent else Quality.GOOD


def begin_from(guess: Found, begin: datetime, settings: Settings, notes: list[str]) -> GlobalMap:
    """The map before the first observation: a synoptic map if there is one, else ignorance.

    Raises
    ------
    BadFile : the map that is named cannot be used.
    """
    for fetched in guess.files:
        try:
            image = surface.radial_map(instruments.read(fetched.file))
            return surface.first_guess(image, grid(settings.surface.grid))
        except BadFile as error:
            if settings.cycle.begin_from:
                raise
            notes.append(str(error))
    return surface.blank(begin, grid(settings.surface.grid))


def read(look: Look, at: datetime, notes: list[str]) -> list[SolarImage]:
    """The images of a look, newest first, and of each wavelength the newest.

    notes : receives what is wrong with a picture when others of the look can be used

    Raises
    ------
    BadFile : none can be read, or tells the time of its name, or is of before *at*.
    """
    images: dict[int | None, SolarImage] = {}
    troubles: list[BadFile] = []
    for fetched in reversed(look):
        try:
            image = _of_its_time(fetched, at)
            images.setdefault(image.observation.wavelength, image)
        except BadFile as error:
            troubles.append(error)
    if not images:
        notes += [str(error) for error in troubles[1:]]
        raise troubles[0]
    notes += [str(error) for error in troubles]
    return list(images.values())


def _of_its_time(fetched: Fetched, at: datetime) -> SolarImage:
    """The image in a fetched file, if its header tells the time of its name, up to *at*."""
    image = instruments.read(fetched.file)
    time = image.observation.time
    if abs(time - fetched.time) > SLOT or time > at:
        raise BadFile(
            fetched.file.path,
            f"its header gives {time:%Y-%m-%d %H:%M:%SZ} for {fetched.time:%Y-%m-%d %H:%MZ}",
            "take the next frame",
        )
    return image
