"""Active regions of a map: where there are any, how large, how strong, which polarity leads.

Knows: one definition of an active region, for products and scores alike.
Refuses to know: what became of a region before or will, and whether it is real.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.special import erf

from pipeline.core import (
    ActiveRegion,
    BadFile,
    CarringtonGrid,
    Disk,
    Evidence,
    GlobalMap,
    SolarImage,
    Source,
)
from pipeline.surface.remap import cell_means, radial_field
from pipeline.surface.transport import blur

Floats = NDArray[np.float64]

HOUR = timedelta(hours=1)
MU_MIN = 0.2  # nearer to the limb a pixel covers too much
FWHM = 4.0  # deg
# Gauss. Finds 24 regions on 5 % of the surface on 2014-01-31, and in the simulated Sun all of
# 1e21 Mx and more.
THRESHOLD = 35.0
# Gauss, of unsigned field that a network expects where it cannot tell the sign: the quiet Sun has
# some of it everywhere. On one simulated Sun (seed 31, November 2026), between 90° and 163° west
# on seven days, euv-to-mag found 24 of 29 regions in 195 and 304 Å at 45 G, and three that were
# not there; the carried map showed 17.
EXPECTED_THRESHOLD = 45.0
REACH = 10.0  # deg within which two detections are one region; seismic ones are good to 5-10
# The errors of a map are alike over its surroundings (inclined fields, flux that a transport
# has misplaced): over as much as the search smooths.
ALIKE = FWHM


def find_regions(map_: GlobalMap) -> tuple[ActiveRegion, ...]:
    """The active regions of *map_*, strongest first.

    Flux is the sum of |br| over the patch, and its standard error that of a sum whose terms
    err alike over 4°. A bipole's moment, east to west, tells the polarity that leads, if it
    is larger than its own standard error.
    """
    grid = map_.grid
    patches, strength = patches_of(map_.br, grid)
    found = (
        _region(map_, np.nonzero(patches == n), strength) for n in range(1, int(patches.max()) + 1)
    )
    return tuple(sorted(found, key=lambda region: -region.flux))


def pictured_regions(
    image: SolarImage, grid: CarringtonGrid, time: datetime
) -> tuple[ActiveRegion, ...]:
    """The active regions that a network's magnetogram shows, whatever their polarity.

    Intensities tell how strong a field is and hardly its sign, so that the mean of what it
    may be is near zero where the network is unsure. The strength is taken from the mean and
    the error together: E|B| of a normal distribution (Leone et al. 1961, Technometrics 3, 543).

    image : with its standard error; made without what the map knew, it is evidence of its own
    time : UTC, for which the ages of the regions hold

    Raises
    ------
    BadFile : it is no disk, or does not say its standard error.
    """
    disk, sigma = image.geometry, image.sigma
    if not isinstance(disk, Disk) or sigma is None:
        path = image.observation.file.path
        raise BadFile(path, "it shows no disk or no error", "take a network that tells its error")
    expected = expected_strength(image.data, sigma)
    spread = np.sqrt(np.maximum(image.data**2 + sigma**2 - expected**2, 0.0))
    fields = []
    for plane in (expected, spread):
        radial = radial_field(plane.astype(np.float32), disk)
        cells = cell_means(radial, image.mask, disk, grid, MU_MIN)
        fields.append(np.where(cells.coverage > 0.5, np.nan_to_num(cells.mean), 0.0))
    patches, strength = patches_of(fields[0], grid, EXPECTED_THRESHOLD)
    known = GlobalMap(
        time=image.observation.time,
        grid=grid,
        br=fields[0].astype(np.float32),
        sigma=fields[1].astype(np.float32),
        source=np.full(grid.shape, Source.EUV, np.uint8),
        age=np.full(grid.shape, (time - image.observation.time) / HOUR, np.float32),
    )
    found = (
        _region(known, np.nonzero(patches == n), strength) for n in range(1, patches.max() + 1)
    )
    return tuple(replace(region, leading_polarity=0) for region in found)


def expected_strength(mean: NDArray[np.floating], sigma: NDArray[np.floating]) -> Floats:
    """E|B| of a field that is normal about *mean* with standard error *sigma*, gauss."""
    z = mean / sigma
    chance = erf(z / math.sqrt(2.0))
    return np.asarray(sigma * math.sqrt(2.0 / math.pi) * np.exp(-0.5 * z**2) + mean * chance)


def centres_of(br: NDArray[np.floating], grid: CarringtonGrid) -> Floats:
    """Centres of the active regions of *br* (nlat, nlon), unit vectors of shape (n, 3)."""
    patches, strength = patches_of(br, grid)
    places, weights, owner = directions(*grid.mesh()), strength.ravel(), patches.ravel()
    parts = places.reshape(-1, 3) * weights[:, np.newaxis]
    sums = np.stack([np.bincount(owner, weights=part) for part in parts.T], axis=1)
    return normalised(sums[1:].astype(np.float64))


def patches_of(
    br: NDArray[np.floating], grid: CarringtonGrid, threshold: float = THRESHOLD
) -> tuple[NDArray[np.int64], Floats]:
    """Number of the region that every cell belongs to, from 1, or 0; and its strength, gauss.

    A region is a patch, across longitude 0 too, where the unsigned field smoothed to 4°
    exceeds 35 G. Signed smoothing would cancel bipoles.
    """
    strength = blur(np.abs(br), grid, FWHM)
    patches, n = label(strength > threshold, structure=np.ones((3, 3)))
    seam = patches[:, 0], patches[:, -1]
    touching = np.stack(seam)[:, (seam[0] > 0) & (seam[1] > 0)]
    links = coo_array((np.ones(touching.shape[1]), touching), shape=(n + 1, n + 1))
    _, whole = connected_components(links, directed=False)
    return whole[patches].astype(np.int64), strength


def normalised(vectors: Floats) -> Floats:
    """Vectors (n, 3) drawn to the unit sphere."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def directions(lon: Floats, lat: Floats) -> Floats:
    """Unit vectors (..., 3) to longitude and latitude in deg."""
    lon, lat = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def _region(
    map_: GlobalMap, cells: tuple[NDArray[np.int64], ...], strength: Floats
) -> ActiveRegion:
    """What the *cells*, rows and columns, of one patch hold."""
    grid = map_.grid
    br, sigma = (values[cells].astype(np.float64) for values in (map_.br, map_.sigma))
    weight, age = strength[cells], map_.age[cells]
    places = directions(grid.lon[cells[1]], grid.lat[cells[0]])
    x, y, z = normalised((places * weight[:, np.newaxis]).sum(axis=0, keepdims=True))[0]
    lon, lat = math.degrees(math.atan2(y, x)) % 360.0, math.degrees(math.asin(z))
    west = (grid.lon[cells[1]] - lon + 180.0) % 360.0 - 180.0
    moment, doubt = br @ (west - west.mean()), sigma * (west - west.mean())
    seen = np.isfinite(age)
    return ActiveRegion(
        lon=lon,
        lat=lat,
        area=1e6 * br.size / (grid.nlon * grid.nlat / 2.0),
        flux=float(np.abs(br).sum() * grid.cell_area),
        flux_sigma=float(_of_a_sum(sigma, grid) * grid.cell_area),
        leading_polarity=int(np.sign(moment)) if abs(moment) > _of_a_sum(doubt, grid) else 0,
        age=float(weight[seen] @ age[seen] / weight[seen].sum()) if seen.any() else math.nan,
        evidence=_rests_on(np.bincount(map_.source[cells], np.abs(br), len(Source))),
    )


def _rests_on(flux: NDArray[Any]) -> Evidence:
    """What most of a region's flux rests on; *flux* is by :class:`Source`."""
    parts = {Evidence.EUV: flux[Source.EUV], Evidence.SEISMIC: flux[Source.SEISMIC]}
    parts[Evidence.TRANSPORTED] = flux.sum() - sum(parts.values())
    return max(parts, key=lambda kind: parts[kind])


def _of_a_sum(sigma: Floats, grid: CarringtonGrid) -> float:
    """Standard error of the sum of values with errors *sigma* that are alike over 4°.

    Of n cells as many are independent as disks of that diameter go into their area.
    """
    alike = math.pi * math.radians(ALIKE / 2.0) ** 2 * grid.nlon * grid.nlat / (4.0 * math.pi)
    return math.sqrt(min(max(alike, 1.0), sigma.size) * float(sigma @ sigma))
