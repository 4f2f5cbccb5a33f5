"""One cycle: from what the archives hold to a published map, in numbered acts.

Nothing here knows a format, an equation or an address; each act is a call into
the room that does. An instrument that is absent or broken costs a note in the
product, never the product.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from pipeline import __version__, publish, surface
from pipeline.acts import (
    admission,
    coronal_holes,
    extrapolation,
    farside,
    intake,
    networks,
    quality,
    sounding,
)
from pipeline.acts.intake import Look
from pipeline.archives import Fetched, Found
from pipeline.core import ActiveRegion, BadFile, GlobalMap, NothingObserved, Quantity, SolarImage
from pipeline.enhance import Engine
from pipeline.settings import Settings, grid
from pipeline.telemetry import act, acts

Track = Callable[[Iterable[Look]], Iterable[Look]]

HOUR = timedelta(hours=1)


@acts
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
    NotPublished : the map failed a critical check, and there is no earlier one.
    """
    store = publish.Store(settings.data)
    store.recover()
    notes: list[str] = []
    lost: list[str] = []
    begin = at - (spinup or settings.cycle.window)

    # 1. Ready the networks chosen in the settings; go without those that are refused.
    act("ready")
    engines = networks.ready(settings, lost)
    imagers = farside.IMAGERS if farside.networks_of(engines) else ()
    with intake.open_archives(settings) as fetcher:
        # 2. Recall the newest map to carry on, or find a first guess to begin from.
        act("recall")
        state = None if spinup else intake.recall(store, at, settings, notes)
        guess = Found(()) if state else intake.first_guess(fetcher, begin, settings)

        # 3. Fetch what has been observed since; if something came late, from before it on.
        act("fetch")
        found = intake.observations(fetcher, state, begin, at, settings, imagers)
        state, found = intake.rewound(store, fetcher, state, found, at, settings, notes, imagers)
        heard = sounding.fetch(fetcher, at, settings.cycle.seismic)

    # 4. Stop here if just this has been published already.
    digest = _digest(settings, state, engines, [*guess.files, *found.files, *heard.files])
    if existing := store.find(at, digest):
        return existing

    notes += [*found.problems, *heard.problems, *guess.problems]
    earlier, before = state, farside.list_of(state, notes)
    state = state or intake.begin_from(guess, begin, settings, notes)
    state = surface.with_members(state, settings.surface.members)

    # 5 to 7. Read, enhance and combine what was observed.
    looks = track(intake.looks(found.files))
    state, layers, pictures, regions = _observed(looks, state, engines, at, settings, notes, lost)
    if not (state.inputs or state.previous):
        nothing = f"There is neither an observation up to {at:%Y-%m-%d %H:%MZ} nor an earlier map"
        raise NothingObserved(" ".join([f"{nothing}; check --archive and --data.", *notes]))

    # 8. Carry the map to now, hold its poles, add regions that only sound has found, and balance.
    act("carry")
    sightings = sounding.read(heard.files, at, notes)
    days = (at - (earlier.time if earlier else begin)) / timedelta(days=1)
    state = surface.forecast(state, at, surface.FLOWS[settings.surface.flow])
    state = surface.constrain_poles(state, days)
    state = surface.balance(surface.add_seismic(state, sightings))

    # 9. Check it before anyone sees it, and say how far it can be trusted.
    act("check")
    state = admission.admitted(state, earlier, layers, settings)
    qc = state.qc | quality.conditions(state, lost, settings)
    qc |= intake.missed(state, found, imagers, layers, settings)

    # 10. Extrapolate the corona, and hold it against the coronal holes that were seen.
    act("extrapolate")
    coarse = grid(settings.corona.grid)
    holes = coronal_holes.newest(pictures, at, coarse, notes)
    field = extrapolation.extrapolate(state, coarse, settings, holes)

    # 11. Follow the regions behind the limb.
    act("follow")
    far_side = surface.follow(before, state, sightings, regions)

    # 12. Publish everything at once.
    act("publish")
    state = replace(state, notes=tuple(dict.fromkeys([*notes, *lost, *state.notes])), qc=qc)
    provenance = settings.provenance()
    return publish.publish(settings.data, state, field, far_side, provenance, digest)


class Observed(NamedTuple):
    """What the looks gave."""

    state: GlobalMap
    """The map with every look in it."""
    layers: dict[str, surface.Layer]
    """The newest look of each instrument, on the map's grid."""
    pictures: list[SolarImage]
    """The newest pictures of one imager."""
    regions: tuple[ActiveRegion, ...]
    """The active regions on them."""


def _observed(
    looks: Iterable[Look],
    state: GlobalMap,
    engines: Sequence[Engine],
    at: datetime,
    settings: Settings,
    notes: list[str],
    lost: list[str],
) -> Observed:
    """Work the looks through, in the order of their times."""
    layers = dict[str, surface.Layer]()
    pictures, regions = list[SolarImage](), tuple[ActiveRegion, ...]()
    flow = surface.FLOWS[settings.surface.flow]
    for look in looks:
        try:
            # 5. Read the instrument's files: one magnetogram, or pictures of one imager.
            act("read")
            images = intake.read(look, at, notes)

            # 6. Let a network make a magnetogram of pictures; enhance one with those that suit.
            act("enhance")
            pictured = images[0].observation.quantity is Quantity.INTENSITY
            if pictured:
                image = farside.magnetogram(images, state, engines, lost)
            else:
                image = networks.enhanced(images[0], engines, lost)

            # 7. Combine it with the map, carried to the time of the observation; first balance
            # what looks of earlier hours brought, as those hours' own maps would have been.
            act("combine")
            layer = surface.observe(image, state.grid)
            if image.observation.time - state.time >= HOUR:
                state = surface.balance(state)
            if not pictured:  # the polarity of those is a guess
                surface.require_upright(state, image, layer)
            state = surface.analyse(state, layer, flow)
            layers[image.observation.instrument] = layer
            if pictured:
                pictures, regions = images, farside.regions(images, state, engines, at)
        except BadFile as error:
            notes.append(str(error))
    return Observed(state, layers, pictures, regions)


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
