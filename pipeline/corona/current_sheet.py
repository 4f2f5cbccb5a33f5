"""Where the wind leaves: the source surface, or the top of a current sheet above it.

Knows: Schatten's current sheet (1971, Cosmic Electrodyn. 2, 232). Above the source surface
all lines are open, so the field is solved for as if it pointed outward everywhere, which lets
it spread evenly over latitude as in the heliosphere; then every line takes back the sign that
it had, and a sheet of current parts the signs. Refuses to know: what the wind does outside.

The field is made radial at the top as the source surface makes it below, not at infinity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core import BadRequest, CarringtonGrid
from pipeline.core.corona import Maps
from pipeline.core.grid import Cells
from pipeline.corona.field import Field
from pipeline.corona.mapping import map_source_surface
from pipeline.corona.modes import AngularModes
from pipeline.corona.potential import MAX_RADIUS, operator_at, solve

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Outflow:
    """The sphere that the wind leaves, as (nlat, nlon) maps.

    radius : solar radii
    br : gauss
    lon, lat : deg, where the line through the cell crosses the source surface
    """

    radius: float
    br: Maps
    lon: Maps
    lat: Maps

    def raised(self, below: NDArray[np.floating], grid: CarringtonGrid) -> Floats:
        """What lines bring up of *below*, on the source surface, both (nlat, nlon)."""
        return np.asarray(below[_crossed(self.lon, self.lat, grid)], np.float64)

    def crossing(self, lon: float, lat: float, grid: CarringtonGrid) -> tuple[float, float]:
        """Where on the source surface the line through a place comes from, both in deg."""
        row, column = cell = grid.cell(lon, lat)
        below = float(self.lon[cell]) + lon - float(grid.lon[column])
        north = float(self.lat[cell]) + lat - float(grid.lat[row])
        return below % 360.0, min(max(north, -90.0), 90.0)


def without_sheet(field: Field) -> Outflow:
    """The source surface itself."""
    lon, lat = (degrees.astype(np.float32) for degrees in field.grid.mesh())
    return Outflow(field.shells.rss, field.br_source_surface, lon, lat)


def current_sheet(field: Field, modes: AngularModes, radius: float) -> Outflow:
    """The top, at *radius* solar radii, of the current sheet above the source surface of *field*.

    Its cells are as high as those below.

    Raises
    ------
    BadRequest : *radius* does not lie above the source surface, or too far out.
    """
    shells, bottom = field.shells, field.br_source_surface
    ratio = radius / shells.rss
    if not 1.0 < ratio <= MAX_RADIUS:
        raise BadRequest(
            f"The current sheet cannot end at {radius:g} solar radii; give more than the source "
            f"surface's {shells.rss:g} and at most {MAX_RADIUS * shells.rss:g}."
        )
    unsigned = np.abs(bottom, dtype=np.float64)
    cells = max(2, math.ceil(math.log(ratio) / shells.step))
    above = solve(operator_at(modes, ratio, cells), unsigned)
    # The solver leaves out the mean, which is a field of its own, falling as one over r².
    falling = np.exp(-2.0 * above.shells.log_r) * unsigned.mean()
    above.br[:] += falling[:, None, None].astype(np.float32)
    down = map_source_surface(above)
    sign = np.sign(bottom)[_crossed(down.lon, down.lat, field.grid)]
    return Outflow(radius, sign * above.br_source_surface, down.lon, down.lat)


def _crossed(lon: Maps, lat: Maps, grid: CarringtonGrid) -> tuple[Cells, Cells]:
    """The cells of the source surface that lines cross; without a field, any."""
    return grid.cell(np.nan_to_num(lon), np.nan_to_num(lat))
