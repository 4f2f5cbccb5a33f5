"""Strong field resists the flow: what the step has carried too far is taken back.

    v (1 - tanh(|B| / B0))

is the velocity of flux where the field is B (Upton et al. 2024, HipFT, with B0 = 500 G). So the
part tanh(|B| / B0) of every displacement is undone, out of the cell that it reached into the one
that it came from. Flux is only moved, to rounding, and no cell gives more than it has.

Types of the compiled loops are numba's to infer, so they carry no annotations.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid
from pipeline.core.grid import R_SUN_CM
from pipeline.surface.flows import DAY, Flow
from pipeline.surface.rotation import drift_rate

Floats = TypeVar("Floats", NDArray[np.float32], NDArray[np.float64])


def held_back(field: Floats, grid: CarringtonGrid, days: float, flow: Flow) -> Floats:
    """*field* (..., nlat, nlon), gauss, that *flow* has carried for *days*, where it resists."""
    if not math.isfinite(flow.attenuation):
        return field
    eastward = days * drift_rate(grid.lat, flow.rotation) * grid.nlon / 360.0  # cells
    edge = grid.sin_lat_edges[1:-1]
    speed = flow.northward(np.degrees(np.arcsin(edge))) * 100.0 * DAY / R_SUN_CM  # rad/day
    northward = days * speed * np.sqrt(1.0 - edge**2) * grid.nlat / 2.0  # cells
    fields = np.array(field).reshape(-1, *grid.shape)
    for one in fields:
        strongest = np.tanh(np.abs(one).max(axis=1) / flow.attenuation)
        # No cell may give more than it has.
        farthest = max((strongest * np.abs(eastward)).max(), np.abs(northward).max())
        parts = max(1, math.ceil(farthest))
        _undo(one, eastward / parts, northward / parts, parts, 1.0 / flow.attenuation)
    return fields.reshape(field.shape)


@njit(cache=True)
def _undo(field, eastward, northward, parts, per_gauss):
    nlat, nlon = field.shape
    moved = np.empty_like(field)
    for _ in range(parts):
        for j in range(nlat):
            step = -1 if eastward[j] > 0.0 else 1
            for i in range(nlon):
                b = field[j, i]
                moved[j, i] = abs(eastward[j]) * np.tanh(abs(b) * per_gauss) * b
            for i in range(nlon):
                field[j, i] -= moved[j, i]
                field[j, (i + step) % nlon] += moved[j, i]
        for j in range(nlat - 1):
            giving, taking = (j + 1, j) if northward[j] > 0.0 else (j, j + 1)
            for i in range(nlon):
                b = field[giving, i]
                moved[j, i] = abs(northward[j]) * np.tanh(abs(b) * per_gauss) * b
        for j in range(nlat - 1):
            giving, taking = (j + 1, j) if northward[j] > 0.0 else (j, j + 1)
            for i in range(nlon):
                field[giving, i] -= moved[j, i]
                field[taking, i] += moved[j, i]
