"""Concentrations of magnetic flux: how they are carried, and how a grid shows them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.core import CarringtonGrid
from pipeline.core.geometry import Floats
from pipeline.core.grid import R_SUN_CM
from pipeline.simulator.painting import spread
from pipeline.surface.rotation import CARRINGTON_RATE
from pipeline.surface.transport import DAY, Flow


class Concentrations(NamedTuple):
    """Gaussian spots of flux, one element each.

    lon, lat : Carrington, deg
    flux : Mx, signed
    width : standard deviation, deg of great circle
    """

    lon: Floats
    lat: Floats
    flux: Floats
    width: Floats


def carried(lon: Floats, lat: Floats, days: Floats | float, flow: Flow) -> tuple[Floats, Floats]:
    """Where points (deg) are after *days* in *flow*: a few days to weeks, so in one step."""
    s = np.sin(np.radians(lat))
    a, b, c = flow.rotation
    p, q, r = flow.meridional
    speed = np.cos(np.radians(lat)) * (p * s + q * s**3 + r * s**5)  # m/s
    poleward = np.degrees(speed * 100.0 * DAY / R_SUN_CM)
    drift = a + b * s**2 + c * s**4 - CARRINGTON_RATE
    return (lon + drift * days) % 360.0, np.clip(lat + poleward * days, -90.0, 90.0)


def paint(parts: Concentrations, grid: CarringtonGrid) -> Floats:
    """Mean field of *parts* over every cell of *grid*, gauss, (nlat, nlon).

    The flux of each is kept to rounding, whatever the size of a cell.
    """
    field = np.zeros(grid.shape)
    spread(
        field,
        parts.lon / 360.0 * grid.nlon,
        np.sin(np.radians(parts.lat)),
        parts.flux / grid.cell_area,
        np.radians(parts.width),
    )
    return field
