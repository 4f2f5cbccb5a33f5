"""From the pixels of one frame to those of another, without letting gaps look like data.

Knows: how large a pixel is on the Sun, how to turn and scale a frame, how to carry values
from one geometry to another. Refuses to know: networks, units, instruments.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, map_coordinates, spline_filter

from pipeline.core import CylindricalEqualArea, Disk, Geometry, Observer
from pipeline.core.geometry import Floats
from pipeline.core.grid import R_SUN_CM

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Shape = tuple[int, int]

AU_CM = 1.495978707e13  # IAU 2012 Resolution B2
# Radius of the Sun seen from one astronomical unit: 959.23 arcsec. (Headers of SDO and SOHO
# take 6.96e10 cm for the Sun and get 959.64, a difference that no network can tell.)
SEMIDIAMETER = math.degrees(math.asin(R_SUN_CM / AU_CM)) * 3600.0

AT_ONCE = 2**20  # target pixels whose positions are computed together, which bounds memory


def pixel_scale(geometry: Geometry) -> float | None:
    """Arcsec at 1 AU of a pixel at the centre of the disk or patch; None for other maps."""
    if isinstance(geometry, Disk):
        return SEMIDIAMETER / geometry.radius
    if isinstance(geometry, CylindricalEqualArea):
        return math.radians(geometry.dlon) * SEMIDIAMETER
    return None


def coarser(target: Geometry, source: Geometry) -> float:
    """How many pixels of *source* lie along one of *target*."""
    wide, fine = pixel_scale(target), pixel_scale(source)
    return wide / fine if wide and fine else 1.0


def scaled(geometry: Geometry, factor: float) -> Geometry:
    """*geometry* with *factor* pixels for one along each axis, in the same frame.

    Raises
    ------
    TypeError : it is neither a disk nor an equal-area map.
    """
    if factor == 1.0:
        return geometry
    if isinstance(geometry, Disk):
        return replace(
            geometry,
            x0=_scaled(geometry.x0, factor),
            y0=_scaled(geometry.y0, factor),
            radius=geometry.radius * factor,
        )
    if isinstance(geometry, CylindricalEqualArea):
        return replace(
            geometry,
            x0=_scaled(geometry.x0, factor),
            y0=_scaled(geometry.y0, factor),
            dlon=geometry.dlon / factor,
            dsin=geometry.dsin / factor,
        )
    raise TypeError(f"{type(geometry).__name__} has no pixels to scale")


def _scaled(position: float, factor: float) -> float:
    """A zero-based pixel position when pixels, whose edges stay, become *factor* pixels."""
    return (position + 0.5) * factor - 0.5


def turned(disk: Disk, shape: Shape) -> Disk:
    """The *disk* in a frame of *shape* (ny, nx) whose rows and columns are both reversed."""
    ny, nx = shape
    north = wrapped(disk.north - 180.0)
    return replace(disk, x0=nx - 1 - disk.x0, y0=ny - 1 - disk.y0, north=north)


def zoom(scale: float, taken: tuple[float, float] | None) -> float:
    """Pixels of the nearest scale that is *taken* along one pixel of *scale*, in arcsec."""
    return scale / min(max(scale, taken[0]), taken[1]) if taken else 1.0


def wrapped(angle: float) -> float:
    """The same *angle* between -180 and 180 deg."""
    return (angle + 180.0) % 360.0 - 180.0


def radius_map(geometry: Geometry, observer: Observer, shape: Shape) -> Plane:
    """Distance of pixels from the centre of the disk that *observer* sees, in its radii.

    Off the disk it goes on in the plane of the sky; NaN where an equal-area patch reaches
    behind the limb. Shape (ny, nx).
    """
    y, x = np.ogrid[: shape[0], : shape[1]]
    if isinstance(geometry, Disk):
        across, up = (x - geometry.x0) / geometry.radius, (y - geometry.y0) / geometry.radius
        r = np.sqrt(across**2 + up**2)  # twice as fast as hypot, and nothing can overflow
    else:
        r = np.hypot(*Disk(0.0, 0.0, 1.0, 0.0, observer).pixel(*geometry.sphere(x, y)))
    return np.asarray(r, np.float32)


def onto(
    values: Plane, measured: Mask, source: Geometry, target: Geometry, shape: Shape
) -> tuple[Plane, Mask]:
    """Values and mask in a frame of *shape* with geometry *target*: as they are, or reversed
    if that is all it takes (both exactly), or interpolated by :func:`resample`.
    """
    if target == source and shape == values.shape:
        return values, measured
    if isinstance(source, Disk) and target == turned(source, values.shape):
        return values[::-1, ::-1], measured[::-1, ::-1]
    return resample(values, measured, source, target, shape)


def resample(
    values: Plane,
    measured: Mask,
    source: Geometry,
    target: Geometry,
    shape: Shape,
    order: Literal[1, 3] = 3,
) -> tuple[Plane, Mask]:
    """Carry *values* to the same places on the Sun in another frame.

    Splines of *order* (scipy's ``map_coordinates``); a pixel that is larger than those of
    *source* takes the mean of points spread evenly over it, so that flux is averaged and
    not sampled. A gap is filled with the nearest measurement to keep the spline smooth at
    its rim, and what lies in it stays a gap: a pixel is measured if at least half of it is.

    values, measured : (ny, nx); what is not measured may hold anything

    Returns values float32 and mask, of *shape*; values are 0 where the mask is False.
    """
    result, mask = np.zeros(shape, np.float32), np.zeros(shape, np.bool_)
    if not measured.any():
        return result, mask
    known = _filled(values, measured).astype(np.float64)
    known = spline_filter(known, order, mode="mirror") if order == 3 else known
    points = max(1, round(coarser(target, source)))
    offsets = (np.arange(points) + 0.5) / points - 0.5
    holds = measured.astype(np.float32)
    rows = max(1, AT_ONCE // shape[1])
    for top in range(0, shape[0], rows):
        band = slice(top, min(top + rows, shape[0]))
        total = np.zeros((band.stop - top, shape[1]))
        count = np.zeros(total.shape, np.int64)
        for dy in offsets:
            for dx in offsets:
                y, x = np.mgrid[band, : shape[1]]
                place = _positions(x + dx, y + dy, source, target)
                share = map_coordinates(holds, place, order=1, mode="grid-constant")
                value = map_coordinates(known, place, order=order, mode="mirror", prefilter=False)
                total += np.where(share >= 0.5, value, 0.0)
                count += share >= 0.5
        mask[band] = 2 * count >= points**2
        result[band] = np.where(mask[band], total / np.maximum(count, 1), 0.0)
    return result, mask


def _positions(x: Floats, y: Floats, source: Geometry, target: Geometry) -> Floats:
    """Row and column in *source* of pixel positions of *target*; far outside where unseen."""
    if isinstance(source, Disk) and isinstance(target, Disk) and source.observer == target.observer:
        # The same view: only the plane of the sky is turned, scaled and shifted.
        angle = math.radians(source.north - target.north)
        cos, sin = np.array([math.cos(angle), math.sin(angle)]) * (source.radius / target.radius)
        dx, dy = x - target.x0, y - target.y0
        return np.stack([source.y0 + dy * cos - dx * sin, source.x0 + dx * cos + dy * sin])
    column, row = source.pixel(*target.sphere(x, y))
    return np.nan_to_num(np.stack([row, column]), nan=-1e3)


def _filled(values: NDArray[Any], measured: Mask) -> NDArray[Any]:
    """*values* with every gap taking its nearest measurement."""
    if measured.all():
        return values
    nearest = distance_transform_edt(~measured, return_distances=False, return_indices=True)
    filled: NDArray[Any] = values[tuple(nearest)]
    return filled
