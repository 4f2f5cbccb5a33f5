"""What the source surface shows: its neutral line, how far that tilts, and the open flux.

Knows: one sphere with a radial field. Refuses to know: how the field got there.
"""

from __future__ import annotations

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid
from pipeline.core.grid import R_SUN_CM

Floats = NDArray[np.float64]


def neutral_line(br: NDArray[np.floating], grid: CarringtonGrid) -> tuple[Floats, ...]:
    """Curves where *br*, (nlat, nlon), changes sign, each (n, 2): longitude, latitude in deg."""
    lon = np.concatenate([[grid.lon[-1] - 360.0], grid.lon, [grid.lon[0] + 360.0]])
    wrapped = np.concatenate([br[:, -1:], br, br[:, :1]], axis=1)
    curves = contour_generator(lon, grid.sin_lat, wrapped).lines(0.0)
    return tuple(
        np.stack([np.clip(c[:, 0], 0.0, 360.0), np.degrees(np.arcsin(c[:, 1]))], axis=1)
        for c in map(np.asarray, curves)
    )


def tilt(curves: tuple[Floats, ...]) -> float:
    """Tilt of the current sheet, deg: mean of its largest excursions north and south.

    As the Wilcox Solar Observatory defines it (Hoeksema 1995, Space Sci. Rev. 72, 137); NaN
    where there is no neutral line.
    """
    if not curves:
        return float("nan")
    lat = np.concatenate([curve[:, 1] for curve in curves])
    return float((lat.max() - lat.min()) / 2.0)


def open_flux(br: NDArray[np.floating], radius: float) -> float:
    """Unsigned flux, Mx, through a sphere of *radius* solar radii with the field *br*, gauss."""
    return float(np.abs(br, dtype=np.float64).mean() * 4 * np.pi * (radius * R_SUN_CM) ** 2)
