"""How a frame would look from elsewhere, a little earlier or later, on other pixels.

Knows: that the surface rotates differentially, and that the places of two pictures
meet on the sphere. Values are interpolated by cubic splines, which keeps them sharp;
where pixels become much coarser, sample finer and average.
Refuses to know: why a picture is wanted there.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from models.data.scene import Field
from models.data.tiles import Window
from pipeline.core import Disk, SolarImage
from pipeline.surface.rotation import drift_rate

DAY = timedelta(days=1)
ROWS = 128  # worked through at once, for the sake of memory
MARGIN = 12  # px; a cubic spline has forgotten what lies farther away to one part in 10⁶
WHOLE = 0.999  # of the interpolation's weight that must fall on measured pixels


def resample(image: SolarImage, disk: Disk, window: Window, time: datetime) -> Field:
    """What *image* would show at *time* in a *window* of a frame with this *disk*.

    NaN where it did not measure, or cannot see.

    disk : its observer's Carrington longitude is that of *time*
    """
    rows, columns = window
    days = (image.observation.time - time) / DAY
    parts = []
    for start in range(rows.start, rows.stop, ROWS):
        y, x = np.mgrid[start : min(start + ROWS, rows.stop), columns]
        lon, lat = disk.sphere(x, y)
        at = image.geometry.pixel(lon + drift_rate(lat) * days, lat)
        parts.append(_values(image.data, *at))
    return np.concatenate(parts)


def _values(data: Field, x: NDArray[np.float64], y: NDArray[np.float64]) -> Field:
    """*data* at fractional pixels, NaN off the measured ones."""
    values = np.full(x.shape, np.nan, np.float32)
    inside = (x > 0) & (y > 0) & (x < data.shape[1] - 1) & (y < data.shape[0] - 1)
    if not inside.any():
        return values
    x, y = x[inside], y[inside]
    top, left = (max(0, int(at.min()) - MARGIN) for at in (y, x))
    box = data[top : int(y.max()) + MARGIN, left : int(x.max()) + MARGIN]
    at = np.stack([y - top, x - left])
    found = map_coordinates(np.nan_to_num(box), at, order=3, mode="nearest")
    measured = map_coordinates(np.isfinite(box).astype(np.float32), at, order=1, mode="nearest")
    values[inside] = np.where(measured > WHOLE, found, np.nan)
    return values
