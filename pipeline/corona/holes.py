"""Coronal holes: the list of open regions, and how deep in one a place lies.

Knows: cells that touch on the sphere. Refuses to know: how cells were found to be open.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label
from scipy.spatial import cKDTree

from pipeline.core import CarringtonGrid
from pipeline.core.corona import CoronalHole

Floats = NDArray[np.float64]
Polarities = NDArray[np.int8]

SPACING = np.radians(0.2)  # between the points that stand for a boundary


def coronal_holes(
    open_field: Polarities,
    br: NDArray[np.floating],
    grid: CarringtonGrid,
    smallest: float = 0.0,
) -> tuple[CoronalHole, ...]:
    """Coronal holes of at least *smallest* of the solar surface, the largest first.

    open_field : polarity of open cells, 0 where closed; br : gauss; both (nlat, nlon). Cells
    touch along edges, around the back of the map, and all of a polar row at the pole.
    """
    places = _directions(*np.meshgrid(np.radians(grid.lon), grid.sin_lat))
    holes = []
    for polarity in (1, -1):
        regions = _regions(open_field == polarity)
        count = int(regions.max()) + 1
        area = np.bincount(regions.ravel(), minlength=count) / regions.size
        flux = np.bincount(regions.ravel(), br.ravel(), count) * grid.cell_area
        centre = np.stack([np.bincount(regions.ravel(), x.ravel(), count) for x in places])
        lat = np.degrees(np.arctan2(centre[2], np.hypot(centre[0], centre[1])))
        lon = np.degrees(np.arctan2(centre[1], centre[0])) % 360.0
        holes += [
            CoronalHole(polarity, float(lon[n]), float(lat[n]), float(area[n]), float(flux[n]))
            for n in range(1, count)
            if area[n] >= max(smallest, 0.5 / regions.size)
        ]
    return tuple(sorted(holes, key=lambda hole: -hole.area))


def boundary_distance(
    open_field: Polarities,
    grid: CarringtonGrid,
    lon: NDArray[np.floating],
    lat: NDArray[np.floating],
) -> Floats:
    """Great-circle distance, deg, of places (deg) from the nearest coronal-hole boundary.

    A boundary is an edge between an open cell and a closed one, or one of the other polarity.
    NaN where the place is NaN; 180 everywhere if there is no boundary.
    """
    boundary = _boundary(open_field, grid)
    distance = np.full(np.shape(lon), np.nan)
    known = np.isfinite(lon) & np.isfinite(lat)
    if not len(boundary):
        distance[known] = 180.0
        return distance
    places = _directions(np.radians(lon[known]), np.sin(np.radians(lat[known])))
    chord, _ = cKDTree(boundary).query(np.stack(places, axis=-1))
    distance[known] = np.degrees(2.0 * np.arcsin(np.minimum(chord / 2.0, 1.0)))
    return distance


def _directions(lon: Floats, sin_lat: Floats) -> tuple[Floats, Floats, Floats]:
    """Unit vectors of places, lon in radians."""
    cos_lat = np.sqrt(np.clip(1.0 - np.square(sin_lat), 0.0, None))
    return cos_lat * np.cos(lon), cos_lat * np.sin(lon), np.asarray(sin_lat, np.float64)


def _regions(inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of the connected region of every cell, 0 outside; numbers may be left out."""
    numbers, count = label(inside)
    leader = np.arange(count + 1)
    touching = [(row[0], row[-1]) for row in numbers]
    for polar in (numbers[0], numbers[-1]):
        met = np.unique(polar[polar > 0])
        touching += [(met[0], other) for other in met[1:]]
    for a, b in touching:
        if a and b:
            low, high = sorted((leader[a], leader[b]))
            leader[leader == high] = low
    return np.asarray(leader[numbers], np.int64)


def _boundary(open_field: Polarities, grid: CarringtonGrid) -> Floats:
    """Points along all boundaries, (n, 3) unit vectors."""
    rows, columns = np.nonzero(open_field != np.roll(open_field, 1, axis=1))
    south = np.arcsin(np.clip(grid.sin_lat_edges, -1.0, 1.0))
    parts: list[tuple[Floats, ...]] = []
    for row in np.unique(rows):  # upright edges, longer towards the poles
        lat = _along(south[row], south[row + 1])
        lon = np.radians(grid.lon_edges[columns[rows == row]])
        parts.append(tuple(np.meshgrid(lon, np.sin(lat))))
    rows, columns = np.nonzero(open_field[1:] != open_field[:-1])
    across = _along(0.0, 2.0 * np.pi / grid.nlon)
    lon = np.radians(grid.lon_edges[columns])[:, None] + across
    parts.append((lon, np.broadcast_to(grid.sin_lat_edges[rows + 1][:, None], lon.shape)))
    lon, sin_lat = (np.concatenate([np.ravel(part[n]) for part in parts]) for n in (0, 1))
    return np.stack(_directions(lon, sin_lat), axis=-1)


def _along(start: float, stop: float) -> Floats:
    """Points from *start* to *stop*, radians, no further than SPACING from each other."""
    return np.linspace(start, stop, int(np.ceil((stop - start) / SPACING)) + 1)
