"""One cycle: from what the archives hold to a published map, in numbered acts.

Nothing here knows a format, an equation or an address; each act is a call into
the room that does. An instrument that is absent or broken costs a note in the
product, never the product.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline import __version__, enhance, extrapolation, intake, networks, publish, surface
from pipeline.archives import Fetched, Found
from pipeline.core import BadFile, BadRequest, GlobalMap, NothingObserved, Quality, SolarImage
from pipeline.enhance import Engine
from pipeline.settings import Settings, grid

Track = Callable[[Iterable[Fetched]], Iterable[Fetched]]

NEVER = datetime.min.replace(tzinfo=UTC)
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
    with intake.open_archives(settings) as fetcher:
        # 1. Recall the newest map to carry on, or find a first guess to begin from.
        state = None if spinup else intake.recall(store, at, settings, notes)
        guess = Found(()) if state else intake.first_guess(fetcher, begin, settings)

        # 2. Fetch what has been observed since.
        found = intake.observations(fetcher, state, begin, at, settings)

    # 3. Ready the networks chosen in the settings; go without those that are refused.
    lost: list[str] = []
    engines = _networks(settings, lost)

    # 4. Stop here if just this has been published already.
    digest = _digest(settings, state, engines, [*guess.files, *found.files])
    if existing := store.find(at, digest):
        return existing

    notes += [*found.problems, *guess.problems]
    state = state or intake.begin_from(guess, begin, settings, notes)
    for fetched in track(found.files):
        try:
            # 5. Read the instrument's file.
            image = intake.read(fetched, at)

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
    field = extrapolation.extrapolate(state, grid(settings.corona.grid), settings)

    # 10. Publish everything at once.
    provenance = publish.Provenance(datetime.now(UTC), settings.digest())
    return publish.publish(settings.data, state, field, provenance, digest)


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


def _quality(state: GlobalMap, lost: Sequence[str], settings: Settings) -> Quality:
    """Conditions under which the map as a whole deserves less trust."""
    qc = Quality.GOOD
    ages = [state.time - state.last_observed.get(name, NEVER) for name in intake.MAGNETOGRAPHS]
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
