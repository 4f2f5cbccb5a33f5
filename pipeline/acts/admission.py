"""Which map is published: the new one, or the earlier one in its place.

Knows: what becomes of a map that fails. Refuses to know: what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline import surface
from pipeline.acts import quality
from pipeline.core import GlobalMap, NotPublished, Quality
from pipeline.settings import Settings


def admitted(
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
