"""A frame looks from elsewhere and at another time as it would have been taken there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from scenes import GRID, TIME, sun

from models.data import disks, pairs
from models.data.resample import resample
from pipeline.archives import local
from pipeline.core import SolarImage, earth
from pipeline.instruments import read
from pipeline.simulator.instruments import hmi
from pipeline.simulator.sun import Moment
from pipeline.surface.rotation import rotate_field


def taken(folder: Path, moment: Moment, days: float, size: int = 512) -> SolarImage:
    """A frame of *moment*'s field at *days* after it, without noise."""
    time = moment.time + timedelta(days=days)
    path = folder / f"{days}.fits"
    hmi.write(path, moment, time, _Silence(), size=size)
    return read(local(path))


class _Silence(np.random.Generator):
    """Noise of no strength."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def standard_normal(self, size=None, dtype=np.float64, out=None):
        return np.zeros(size, dtype)


def test_surface_is_turned_back(tmp_path: Path) -> None:
    """Over a day differential rotation moves fields by up to 50 pixels; not so afterwards."""
    now = sun(TIME)
    later = replace(now, br=rotate_field(now.br, GRID, 1.0).astype(np.float32))
    first, second = taken(tmp_path, now, 0.0), taken(tmp_path, later, 1.0)
    disk = disks.disk_of(first)
    whole = (slice(0, 512), slice(0, 512))
    back = resample(second, disk, whole, first.observation.time)
    near = disks.radius(disk, back.shape) < 0.6
    both = near & np.isfinite(back)
    assert both.sum() > 0.9 * near.sum()
    # B_los / mu is what a place keeps; within .6 radii and 13 degrees it differs by mu's change.
    assert np.corrcoef(back[both], first.data[both])[0, 1] > 0.95
    assert np.corrcoef(second.data[both], first.data[both])[0, 1] < 0.5


def test_common_frame_has_north_up_and_west_right(tmp_path: Path) -> None:
    """HMI stores its pictures upside down; its spots are west and north of the centre."""
    image = taken(tmp_path, sun(TIME), 0.0)
    disk, side = pairs.common(earth(TIME), 4.0)
    picture = resample(image, disk, (slice(0, side),) * 2, image.observation.time)
    up, right = np.unravel_index(np.nanargmax(np.abs(picture)), picture.shape)
    assert up > disk.y0
    assert right > disk.x0
    # A degree on the Sun is 1/57 of the radius; the strongest pixel lies within one of a spot.
    lon, lat = disk.sphere(float(right), float(up))
    spots = np.array([[20.0, 12.0], [28.0, 14.0]])
    west = float(lon) - earth(TIME).carrington_longitude
    assert np.hypot(*(spots - [west % 360.0, float(lat)]).T).min() < 1.0


def test_what_was_not_measured_stays_so(tmp_path: Path) -> None:
    image = taken(tmp_path, sun(TIME), 0.0, size=256)
    holed = replace(image, data=image.data.copy())
    holed.data[100:120, 100:120] = np.nan
    disk = disks.disk_of(image)
    same = resample(holed, disk, (slice(0, 256),) * 2, image.observation.time)
    assert np.isnan(same[100:120, 100:120]).all()
    kept = np.isfinite(same)
    assert kept.sum() > 0.98 * np.isfinite(holed.data).sum()
    np.testing.assert_allclose(same[kept], holed.data[kept], atol=0.02)
