"""Finding active regions in a map, and telling which of them are real."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.core import CarringtonGrid
from pipeline.surface.transport import blur

Floats = NDArray[np.float64]

FWHM = 4.0  # deg
# Gauss. Finds 24 regions on 5 % of the surface on 2014-01-31, and in the simulated Sun all of
# 1e21 Mx and more.
THRESHOLD = 35.0
REACH = 10.0  # deg; seismic positions are good to 5-10


def find_regions(br: NDArray[np.floating], grid: CarringtonGrid) -> Floats:
    """Centres of the active regions of *br* (nlat, nlon), unit vectors of shape (n, 3).

    A region is a patch, across longitude 0 too, where the unsigned field smoothed to 4°
    exceeds 35 G; its centre is weighted by that field. Signed smoothing would cancel bipoles.
    """
    strength = blur(np.abs(br), grid, FWHM)
    patches, n = label(strength > THRESHOLD, structure=np.ones((3, 3)))
    seam = patches[:, 0], patches[:, -1]
    touching = np.stack(seam)[:, (seam[0] > 0) & (seam[1] > 0)]
    links = coo_array((np.ones(touching.shape[1]), touching), shape=(n + 1, n + 1))
    _, whole = connected_components(links, directed=False)
    patches = whole[patches].ravel()
    weighted = directions(*grid.mesh()).reshape(-1, 3) * strength.reshape(-1, 1)
    sums = np.stack([np.bincount(patches, weights=w) for w in weighted.T], axis=1)
    return normalised(np.delete(sums, whole[0], axis=0))


def matched(places: Floats, others: Floats, reach: float = REACH) -> NDArray[np.bool_]:
    """Which of *places* (n, 3) have one of *others* (m, 3) within *reach* deg, (n,)."""
    near = places @ others.T >= np.cos(np.radians(reach))
    return np.asarray(near.any(axis=1))


def inside(places: Floats, cells: NDArray[np.bool_], grid: CarringtonGrid) -> NDArray[np.bool_]:
    """Which of *places* (n, 3) lie in a chosen cell of *cells* (nlat, nlon), (n,)."""
    lon = np.degrees(np.arctan2(places[:, 1], places[:, 0]))
    columns = (lon % 360.0 * grid.nlon / 360.0).astype(int) % grid.nlon
    rows = ((places[:, 2] + 1.0) * grid.nlat / 2.0).astype(int).clip(max=grid.nlat - 1)
    return np.asarray(cells[rows, columns])


def normalised(vectors: Floats) -> Floats:
    """Vectors (n, 3) drawn to the unit sphere."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def directions(lon: Floats, lat: Floats) -> Floats:
    """Unit vectors (..., 3) to longitude and latitude in deg."""
    lon, lat = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
