"""What stands between the Sun and the numbers: perspective, blur, noise, quantisation.

The field of a cell is the mean over that cell, so a point of the surface has the value
of the cell it lies in: nearest, not interpolated, and averaging a sharp picture over
the cells gives the truth back. Every pixel averages as many points as it needs not to
miss a cell; at the limb, where cells crowd, this is a fair sample of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from pipeline.core import CarringtonGrid, Disk, Observer
from pipeline.core.grid import R_SUN_CM
from pipeline.simulator import rays

Picture = NDArray[np.float32]

ARCSEC = math.pi / 180.0 / 3600.0
FWHM = math.sqrt(8.0 * math.log(2.0))  # of a Gaussian, in standard deviations


@dataclass(frozen=True, slots=True)
class Magnetograph:
    """How an instrument turns radial field into what it reports.

    scale : reported over true field
    fwhm : of the Gaussian point spread, arcsec, seeing included
    noise : standard deviation at disk centre, gauss
    limb : relative increase of the noise from disk centre to limb, linear in mu
    grain : of the noise, standard deviation of its Gaussian kernel in pixels
    """

    scale: float
    fwhm: float
    noise: float
    limb: float
    grain: float


def disk_of(
    observer: Observer, centre: tuple[float, float], step: float, north: float, r_sun_m: float
) -> Disk:
    """A disk about *centre* [px] at *step* arcsec per pixel, solar north at *north* [deg].

    r_sun_m : the solar radius [m] by which the instrument's headers measure the limb; the
        observer's distance, in those radii, follows it.
    """
    distance = observer.distance * R_SUN_CM / 100.0 / r_sun_m
    radius = math.tan(math.asin(1.0 / distance)) / (step * ARCSEC)
    return Disk(*centre, radius, north, replace(observer, distance=distance))


def sample(cells: NDArray[np.floating], grid: CarringtonGrid, disk: Disk, size: int) -> Picture:
    """Mean of the *cells* behind every pixel of a square camera, 0 beyond the limb."""
    cell = disk.radius * 2.0 * math.pi / grid.nlon  # px at disk centre
    picture: Picture = rays.average(cells, _view(disk), size, math.ceil(2.0 / cell))
    return picture


def mu(disk: Disk, size: int) -> Picture:
    """Cosine of the heliocentric angle at every pixel's centre, NaN beyond the limb."""
    cosine: Picture = rays.slant(_view(disk), size)
    return cosine


def radius(disk: Disk, size: int) -> Picture:
    """Distance of every pixel's centre from the disk's, in units of its radius."""
    y, x = np.ogrid[:size, :size]
    return np.asarray(np.hypot(x - disk.x0, y - disk.y0) / disk.radius, np.float32)


def grain(rng: np.random.Generator, size: int, kernel: float) -> Picture:
    """Gaussian noise of unit variance, correlated as by a Gaussian *kernel* [px]."""
    white = rng.standard_normal((size, size), np.float32)
    line = np.zeros(16 * math.ceil(kernel) + 1)
    line[line.size // 2] = 1.0
    gain = float(np.sum(gaussian_filter1d(line, kernel) ** 2))
    return np.asarray(gaussian_filter(white, kernel) / np.float32(gain), np.float32)


def magnetogram(
    br: NDArray[np.floating],
    grid: CarringtonGrid,
    disk: Disk,
    size: int,
    step: float,
    instrument: Magnetograph,
    rng: np.random.Generator,
) -> Picture:
    """The line-of-sight field [G] that *instrument* reports of *br* [G] on *grid*.

    Perspective, then projection on the line of sight, then blur, scale and noise; beyond
    the limb there is noise alone.

    step : arcsec per pixel
    """
    towards = mu(disk, size)
    on_disk = np.nan_to_num(towards)
    los = sample(br, grid, disk, size) * on_disk
    los = gaussian_filter(los, instrument.fwhm / FWHM / step) * np.float32(instrument.scale)
    sigma = instrument.noise * (1.0 + instrument.limb * (1.0 - on_disk))
    return np.asarray(los + sigma * grain(rng, size, instrument.grain), np.float32)


def _view(disk: Disk) -> tuple[float, ...]:
    """The disk as the plain numbers that compiled code takes."""
    observer, north = disk.observer, math.radians(disk.north)
    return (
        disk.x0,
        disk.y0,
        1.0 / (disk.radius * math.sqrt(observer.distance**2 - 1.0)),
        math.sin(north),
        math.cos(north),
        math.radians(observer.carrington_longitude),
        math.sin(math.radians(observer.latitude)),
        math.cos(math.radians(observer.latitude)),
        observer.distance,
    )
