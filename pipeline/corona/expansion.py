"""Expansion factors from the strength of the field instead of its radial part.

WSA takes B_r at both ends of a line, which :class:`~pipeline.corona.mapping.Mapping` holds;
pfsspy takes the magnitude of B. On the source surface the field is radial, so the two differ
by what is tangential at the foot.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.corona.field import Field
from pipeline.corona.mapping import Mapping

Floats = NDArray[np.float64]


def from_strength(field: Field, mapping: Mapping, start_radius: float) -> NDArray[np.float32]:
    """Expansion factors of *mapping* with the magnitude of B at the feet, (nlat, nlon).

    start_radius : where the lines of *mapping* begin or end near the Sun, solar radii
    """
    radial, tangential = base_field(field, start_radius)
    slant = np.sqrt(1.0 + (tangential / np.where(radial == 0.0, np.inf, radial)) ** 2)
    if mapping.radius > start_radius:  # lines from the source surface have their feet elsewhere
        known = np.isfinite(mapping.lat)
        grid = field.grid
        row = (np.sin(np.radians(np.where(known, mapping.lat, 0.0))) + 1.0) * 0.5 * grid.nlat
        column = np.where(known, mapping.lon, 0.0) / 360.0 * grid.nlon
        slant = slant[np.clip(row.astype(int), 0, grid.nlat - 1), column.astype(int) % grid.nlon]
    return (mapping.expansion * slant).astype(np.float32)


def base_field(field: Field, radius: float) -> tuple[Floats, Floats]:
    """Radial and tangential field, gauss, in the middle of the cells at *radius*.

    The tangential field is known half a cell away; from there it follows the radial field's
    slope, since r B_t changes with ln r as B_r does along the sphere where there is no current.
    """
    shells, grid = field.shells, field.grid
    height = np.log(radius) / shells.step
    k = min(int(height), shells.nr - 1)
    z = height - k
    low, high = shells.radial_area[k : k + 2]
    at = low * np.exp(2.0 * z * shells.step)
    radial = (field.br[k] * low * (1.0 - z) + field.br[k + 1] * high * z) / at
    middle, above = np.exp((k + 0.5) * shells.step), (0.5 - z) * shells.step
    parallel = np.cos(np.radians(grid.lat))[:, None] * 2.0 * np.pi / grid.nlon
    east = middle * field.b_east[k] - above * (radial - np.roll(radial, 1, axis=1)) / parallel
    north = middle * field.b_north[k].astype(np.float64)
    gaps = np.diff(np.radians(grid.lat))[:, None]
    north[1:-1] -= above * np.diff(radial, axis=0) / gaps
    east = 0.5 * (east + np.roll(east, -1, axis=1)) / radius
    north = 0.5 * (north[1:] + north[:-1]) / radius
    return np.asarray(radial), np.hypot(east, north)
