"""What lies behind the limb: pictures from beside the Earth, and regions on their way back.

Knows: what a network for the far side is given and what its answer is worth, and where the
list of regions before this one lies. Refuses to know: what a network does, how a list is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pipeline import enhance, publish, surface
from pipeline.core import ActiveRegion, BadFile, BadRequest, FarSide, GlobalMap, SolarImage
from pipeline.enhance import BadNetwork, Engine

TASK = "farside"
# What such networks take; the pictures are fetched only for a network that is there.
IMAGERS = ("euvi-a",)


def networks_of(engines: Iterable[Engine]) -> list[Engine]:
    """Those of *engines* that make magnetograms of extreme-ultraviolet pictures."""
    return [engine for engine in engines if engine.card.task == TASK]


def magnetogram(
    images: Sequence[SolarImage], state: GlobalMap, engines: Iterable[Engine], lost: list[str]
) -> SolarImage:
    """The field that a network finds on *images*, of one imager and about one time.

    A network that takes what the map knew before answers with both together: what it was told
    is no observation, and is taken out again.

    lost : receives why the network failed, if it did

    Raises
    ------
    BadFile : no network takes the images or can be computed, or they show nothing.
    """
    first, path = images[0], images[0].observation.file.path
    fitting = (e for e in networks_of(engines) if enhance.suits(e.card, first))
    if (engine := next(fitting, None)) is None:
        raise BadFile(path, "no network makes a magnetogram of it", "choose one that does")
    prior = surface.seen_from(state, first)
    try:
        if not enhance.suits(engine.card, prior):
            return enhance.enhance(images, engine)
        return surface.news(enhance.enhance([*images, prior], engine), prior)
    except (BadNetwork, BadRequest) as error:
        lost.append(str(error))
        problem = f"{engine.card.label} could not be computed"
        raise BadFile(path, problem, "see why among the notes") from error


def regions(
    images: Sequence[SolarImage], state: GlobalMap, engines: Iterable[Engine], at: datetime
) -> tuple[ActiveRegion, ...]:
    """The active regions that a network finds on *images* without any help of the map.

    Raises
    ------
    BadFile : the network needs the map's help, does not tell its error, or cannot be computed.
    """
    engine = next(e for e in networks_of(engines) if enhance.suits(e.card, images[0]))
    try:
        alone = enhance.enhance(images, engine)
    except BadRequest as error:
        path = images[0].observation.file.path
        raise BadFile(path, "its regions could not be looked for", str(error)) from error
    return surface.pictured_regions(alone, state.grid, at)


def list_of(state: GlobalMap | None, notes: list[str]) -> FarSide | None:
    """The list that was published with the map that *state* was carried from, if there is one.

    notes : receives why it cannot be carried on, if so
    """
    path = publish.beside(state.previous.path, "farside") if state and state.previous else None
    if path is None:
        return None
    try:
        return publish.read_farside(path)
    except BadFile as error:
        notes.append(str(error))
        return None
