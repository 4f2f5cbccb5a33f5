"""One cycle: from what the archives hold to a published map, in numbered acts.

Nothing here knows a format, an equation or an address; each act is a call into
the room that does. An instrument that is absent or broken costs a note in the
product, never the product.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline import __version__, enhance, publish, surface
from pipeline.acts import extrapolation, farside, intake, networks, quality, sounding
from pipeline.acts.intake import Look
from pipeline.archives import Fetched, Found
from pipeline.core import (
    ActiveRegion,
    BadFile,
    BadRequest,
    GlobalMap,
    NothingObserved,
    NotPublished,
    Quality,
    Quantity,
    SolarImage,
)
from pipeline.enhance import Engine
from pipeline.settings import Settings, grid
from pipeline.telemetry import act, acts

Track = Callable[[Iterable[Look]], Iterable[Look]]


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
    engines = _networks(settings, lost)
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
    earlier, layers = state, dict[str, surface.Layer]()
    before, pictured = farside.list_of(state, notes), tuple[ActiveRegion, ...]()
    state = state or intake.begin_from(guess, begin, settings, notes)
    state = surface.with_members(state, settings.surface.members)
    flow = surface.FLOWS[settings.surface.flow]
    for look in track(intake.looks(found.files)):
        try:
            # 5. Read the instrument's files: one magnetogram, or pictures of one imager.
            act("read")
            images = intake.read(look, at, notes)

            # 6. Let a network make a magnetogram of pictures; enhance one with those that suit.
            act("enhance")
            pictures = images[0].observation.quantity is Quantity.INTENSITY
            if pictures:
                image = farside.magnetogram(images, state, engines, lost)
            else:
                image = _enhanced(images[0], engines, lost)

            # 7. Combine it with the map, carried to the time of the observation.
            act("combine")
            layer = surface.observe(image, state.grid)
            if not pictures:  # whose polarity is a guess
                surface.require_upright(state, image, layer)
            state = surface.analyse(state, layer, flow)
            layers[image.observation.instrument] = layer
            if pictures:
                pictured = farside.regions(images, state, engines, at)
        except BadFile as error:
            notes.append(str(error))

    if not (state.inputs or state.previous):
        nothing = f"There is neither an observation up to {at:%Y-%m-%d %H:%MZ} nor an earlier map"
        raise NothingObserved(" ".join([f"{nothing}; check --archive and --data.", *notes]))

    # 8. Carry the map to now, hold its poles, add regions that only sound has found, and balance.
    act("carry")
    sightings = sounding.read(heard.files, at, notes)
    days = (at - (earlier.time if earlier else begin)) / timedelta(days=1)
    state = surface.constrain_poles(surface.forecast(state, at, flow), days)
    state = surface.balance(surface.add_seismic(state, sightings))

    # 9. Check it before anyone sees it, and say how far it can be trusted.
    act("check")
    state = _admitted(state, earlier, layers, settings)
    qc = state.qc | quality.conditions(state, lost, settings)
    qc |= intake.missed(state, found, imagers, layers, settings)
    state = replace(state, notes=tuple(dict.fromkeys([*notes, *lost, *state.notes])), qc=qc)

    # 10. Extrapolate the corona.
    act("extrapolate")
    field = extrapolation.extrapolate(state, grid(settings.corona.grid), settings)

    # 11. Follow the regions behind the limb.
    act("follow")
    regions = surface.follow(before, state, sightings, pictured)

    # 12. Publish everything at once.
    act("publish")
    provenance = publish.Provenance(datetime.now(UTC), settings.digest())
    return publish.publish(settings.data, state, field, regions, provenance, digest)


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


def _admitted(
    state: GlobalMap,
    earlier: GlobalMap | None,
    layers: Mapping[str, surface.Layer],
    settings: Settings,
) -> GlobalMap:
    """The map with what its checks found; if it must not be seen, the *earlier* one, carried.

    layers : the newest observation of each instrument

    Raises
    ------
    NotPublished : it must not be seen, and there is no earlier one.
    """
    flow = surface.FLOWS[settings.surface.flow]
    alone = replace(earlier, members=None) if earlier else None  # its members cost twelvefold
    carried = surface.balance(surface.forecast(alone, state.time, flow)) if alone else None
    checks = quality.inspect(state, carried, layers, settings)
    findings = tuple(check.sentence for check in checks if not check.passed)
    if not (why := quality.withheld(checks, carried, settings.quality)):
        return replace(state, checks=checks, notes=findings)
    if earlier is None:
        raise NotPublished(
            f"The map of {state.time:%Y-%m-%d %H:%MZ} is not published: {why} There is no earlier "
            "map to carry on; look for the bad frame among its inputs, or begin with --spinup 28d."
        )
    note = "New observations failed a critical check; this is the earlier map, carried to now."
    state = surface.balance(surface.forecast(earlier, state.time, flow))
    return replace(state, checks=checks, qc=Quality.WITHHELD, notes=(note, *findings))


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
