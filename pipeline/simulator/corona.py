"""What an extreme-ultraviolet camera is shown of a Moment, and what its detector makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline import corona
from pipeline.core import CarringtonGrid, Disk
from pipeline.simulator import euv
from pipeline.simulator.optics import FWHM, Picture
from pipeline.simulator.sun import Moment

COARSE = CarringtonGrid(180, 90)  # of the corona above
SOURCE_SURFACE = 2.5  # solar radii
RADIAL_CELLS = 25
REFRESHED = timedelta(hours=3)
EXTRAPOLATED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Detector:
    """How a telescope and its CCD turn brightness into counts.

    fwhm : of the Gaussian point spread, arcsec
    exposure : s
    gain : electrons per DN
    read_noise : DN
    summed : detector pixels averaged into one of the picture
    largest : DN, where the detector is full
    """

    fwhm: float
    exposure: float
    gain: float
    read_noise: float
    summed: int
    largest: float

    def counts(
        self, rate: Picture, step: float, wavelength: int, rng: np.random.Generator
    ) -> Picture:
        """DN without bias for a brightness *rate* [DN/s] in pixels of *step* arcsec.

        A photon frees 12398.4/wavelength/3.65 electrons (eV of the photon over eV of an
        electron-hole pair in silicon), and photons come at random.
        """
        per_photon = 12398.4 / wavelength / 3.65 / self.gain
        mean = gaussian_filter(rate * self.exposure, self.fwhm / FWHM / step)
        variance = (mean * per_photon + self.read_noise**2) / self.summed
        noise = rng.standard_normal(mean.shape, np.float32) * np.sqrt(variance)
        return np.asarray(np.minimum(mean + noise, self.largest), np.float32)


class Corona:
    """The corona of one simulated Sun, as cameras see it.

    seed : of its texture

    Brightness is worked out anew every three hours, and what is open once a day.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._open: tuple[datetime, NDArray[np.int8]] | None = None
        self._bright: dict[int, tuple[datetime, Picture]] = {}

    def rate(self, moment: Moment, disk: Disk, size: int, wavelength: int) -> Picture:
        """What a perfect camera records of *moment*, DN/s, (size, size)."""
        channel = euv.relation(wavelength)
        known = self._bright.get(channel.wavelength)
        if known is None or moment.time - known[0] >= REFRESHED:
            brightness = euv.intensity(moment, self._open_field(moment), channel, self._seed)
            known = self._bright[channel.wavelength] = moment.time, brightness
        return euv.image(known[1], moment.grid, channel, disk, (size, size))

    def _open_field(self, moment: Moment) -> NDArray[np.int8]:
        if self._open is None or moment.time - self._open[0] >= EXTRAPOLATED:
            coarse = moment.grid.block_mean(moment.br, COARSE).astype(np.float32)
            field = corona.extrapolate(coarse, COARSE, moment.time, SOURCE_SURFACE, RADIAL_CELLS)
            self._open = moment.time, field.open_field
        return self._open[1]
