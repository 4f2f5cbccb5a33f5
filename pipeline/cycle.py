"""One cycle: from what the archives hold to a published map, in numbered acts.

Nothing here knows a format, an equation or an address; each act is a call into
the room that does. An instrument that is absent or broken costs a note in the
product, never the product.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline import __version__, archives, corona, enhance, instruments, networks, publish, surface
from pipeline.archives import Fetched, Fetcher, Found, Ledger
from pipeline.core import BadFile, BadRequest, GlobalMap, NothingObserved, Quality, SolarImage
from pipeline.enhance import Engine
from pipeline.settings import Settings, grid

Track = Callable[[Iterable[Fetched]], Iterable[Fetched]]

NEVER = datetime.min.replace(tzinfo=UTC)
EXPECTED = ("hmi", "gong")
# A file's name tells its time of observation to a few minutes; the next comes after ten.
SLOT = timedelta(minutes=5)
# Spun up on HMI frames of January 2014 the balance takes out 2.4 % of the unsigned flux;
# four times that is no observational error.
IMBALANCE = 0.1
# Cosmic rays and saturated pixels are no reason to doubt an image: one pixel in a thousand.
UNTRAINED = 1e-3


def run_cycle(
    at: datetime, settings: Settings, spinup: timedelta | None = None, track: Track = iter
) -> publish.ProductSet:
    """Publish the map valid at *at*, from everything observed up to then.

    at : UTC, to the minute
    spinup : begin this long before *at* instead of carrying on the newest earlier map
    track : wraps the observations to be worked through, to show progress

    The same inputs and settings give the set that exists already.

    Raises
    ------
    CannotWrite : the data directory refuses; readers still see what was there.
    NothingObserved : there is neither an observation nor an earlier map.
    """
    store = publish.Store(settings.data)
    store.recover()
    notes: list[str] = []
    begin = at - (spinup or settings.cycle.window)
    with _archives(settings) as fetcher:
        # 1. Recall the newest map to carry on, or find a first guess to begin from.
        state = None if spinup else _recall(store, at, settings, notes)
        guess = Found(()) if state else _first_guess(fetcher, begin, settings)

        # 2. Fetch what has been observed since.
        found = _observations(fetcher, state, begin, at, settings)

    # 3. Ready the networks chosen in the settings; go without those that are refused.
    lost: list[str] = []
    engines = _networks(settings, lost)

    # 4. Stop here if just this has been published already.
    digest = _digest(settings, state, engines, [*guess.files, *found.files])
    if existing := store.find(at, digest):
        return existing

    notes += [*found.problems, *guess.problems]
    state = state or _begin(guess, begin, settings, notes)
    for fetched in track(found.files):
        try:
            # 5. Read the instrument's file.
            image = instruments.read(fetched.file)
            _require_its_time(image, fetched, at)

            # 6. Enhance the image with the networks that suit it.
            image = _enhanced(image, engines, lost)

            # 7. Combine it with the map, carried to the time of the observation.
            layer = surface.observe(image, state.grid)
            surface.require_upright(state, image, layer)
            state = surface.analyse(state, layer)
        except BadFile as error:
            notes.append(str(error))

    if not (state.inputs or state.previous):
        nothing = f"There is neither an observation up to {at:%Y-%m-%d %H:%MZ} nor an earlier map"
        raise NothingObserved(" ".join([f"{nothing}; check --archive and --data.", *notes]))

    # 8. Carry the map to now, balance its flux, and say how far it can be trusted.
    state = surface.balance(surface.forecast(state, at))
    state = replace(state, notes=(*notes, *lost), qc=_quality(state, lost, settings))

    # 9. Extrapolate the corona.
    coarse = grid(settings.corona.grid)
    field = corona.extrapolate(
        state.grid.block_mean(state.br, coarse),
        coarse,
        at,
        settings.corona.source_surface_radius,
        settings.corona.radial_cells,
    )

    # 10. Publish everything at once.
    provenance = publish.Provenance(datetime.now(UTC), settings.digest())
    return publish.publish(settings.data, state, field, provenance, digest)


@contextmanager
def _archives(settings: Settings) -> Iterator[Fetcher]:
    with (
        closing(Ledger(settings.ledger_url)) as ledger,
        Fetcher(settings.data / "cache", ledger, settings.archives.mirror) as fetcher,
    ):
        yield fetcher


def _recall(
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


def _networks(settings: Settings, lost: list[str]) -> list[Engine]:
    """The networks that can run, in the order of the settings; why others cannot is *lost*."""
    engines: list[Engine] = []
    for name in settings.enhance.networks:
        try:
            engines.append(networks.engine(name, settings))
        except (BadFile, BadRequest) as error:
            lost.append(str(error))
    return engines


def _enhanced(image: SolarImage, engines: Iterable[Engine], lost: list[str]) -> SolarImage:
    """The image after every network that suits it; where one fails, as it was before."""
    for engine in engines:
        if enhance.suits(engine.card, image):
            try:
                image = enhance.enhance([image], engine)
            except (BadFile, BadRequest) as error:
                lost.append(str(error))
    return image


def _require_its_time(image: SolarImage, fetched: Fetched, at: datetime) -> None:
    """Refuse a frame whose header tells another time than its name, or one after *at*."""
    time = image.observation.time
    if abs(time - fetched.time) > SLOT or time > at:
        raise BadFile(
            fetched.file.path,
            f"its header gives {time:%Y-%m-%d %H:%M:%SZ} for {fetched.time:%Y-%m-%d %H:%MZ}",
            "take the next frame",
        )


def _first_guess(fetcher: Fetcher, begin: datetime, settings: Settings) -> Found:
    return fetcher.newest(archives.GONG_SYNOPTIC, begin, settings.cycle.first_guess)


def _observations(
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
    since = {name: seen.get(name, begin) for name in EXPECTED}
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


def _begin(guess: Found, begin: datetime, settings: Settings, notes: list[str]) -> GlobalMap:
    """The map before the first observation: a synoptic map if there is one, else ignorance."""
    for fetched in guess.files:
        try:
            return surface.first_guess(instruments.read(fetched.file), grid(settings.surface.grid))
        except BadFile as error:
            notes.append(str(error))
    return surface.blank(begin, grid(settings.surface.grid))


def _quality(state: GlobalMap, lost: Sequence[str], settings: Settings) -> Quality:
    """Conditions under which the map as a whole deserves less trust."""
    qc = Quality.GOOD
    ages = [state.time - state.last_observed.get(name, NEVER) for name in EXPECTED]
    if state.previous is None:
        qc |= Quality.COLD_START
    if max(ages) > settings.cycle.window:
        qc |= Quality.INSTRUMENT_ABSENT
    if min(ages) > settings.cycle.stale:
        qc |= Quality.STALE_INPUT
    if abs(state.net_flux_removed) > IMBALANCE * state.unsigned_flux:
        qc |= Quality.FLUX_IMBALANCE
    runs = [run for observation in state.inputs for run in observation.inferences]
    if lost:
        qc |= Quality.NETWORK_ABSENT
    if any(run.outside > UNTRAINED for run in runs):
        qc |= Quality.UNTRAINED_INPUT
    return qc


def _digest(
    settings: Settings,
    state: GlobalMap | None,
    engines: Iterable[Engine],
    files: Iterable[Fetched],
) -> str:
    """Identifies everything a set is made from."""
    parts = [__version__, settings.digest(), *(engine.digest for engine in engines)]
    parts += [fetched.file.sha256 for fetched in files]
    if state and state.previous:
        parts.append(state.previous.sha256)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
