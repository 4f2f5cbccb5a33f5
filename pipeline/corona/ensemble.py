"""What the coronae of an ensemble agree on.

Knows: how members are counted, one at a time, so that their number costs no memory. Refuses
to know: where members come from and how each was derived.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid
from pipeline.core.corona import Connection, Ensemble, Maps, Member
from pipeline.corona.products import Derived


def gather(
    members: Iterable[Derived], grid: CarringtonGrid
) -> tuple[Ensemble, NDArray[np.float64]]:
    """Summary of *members* on *grid*, and the part of them whose sectors point outward.

    Members may differ in map, source-surface radius and radial cells. The spread of the wind
    is accumulated as by Welford (1962, Technometrics 4, 419).

    Raises
    ------
    ValueError : there are no members.
    """
    listed: list[Member] = []
    opened = positive = mean = squares = sectors = np.zeros(())
    for count, one in enumerate(members, 1):
        opened = opened + (one.open_field != 0)
        positive = positive + (one.br_source_surface > 0)
        off = one.speed - mean
        mean = mean + off / count
        squares = squares + off * (one.speed - mean)
        sectors = sectors + np.array([polarity > 0 for polarity, _ in one.sectors], float)
        listed.append(Member(one.rss, one.open_flux, one.tilt, one.connections))
    if not listed:
        raise ValueError("An ensemble has at least one member.")
    count = len(listed)
    ensemble = Ensemble(
        members=tuple(listed),
        open_probability=(opened / count).astype(np.float32),
        outward_probability=(positive / count).astype(np.float32),
        wind_speed_spread=np.sqrt(squares / max(count - 1, 1)).astype(np.float32),
        footpoint_probability=_footpoints([m.connections for m in listed], grid),
    )
    return ensemble, sectors / count


def _footpoints(
    members: Sequence[Mapping[str, Connection]], grid: CarringtonGrid
) -> dict[str, Maps]:
    """By observer, the part of the members that connect it to a cell."""
    parts = {name: np.zeros(grid.shape, np.float32) for name in members[0]}
    for connections in members:
        for name, connection in connections.items():
            if np.isfinite(connection.lon):
                parts[name][grid.cell(connection.lon, connection.lat)] += 1.0 / len(members)
    return parts
