"""What an extreme-ultraviolet camera is shown of a Moment, and what its detector makes of it.

A Moment and the seed fix the picture, whatever was looked at before: all that is taken
within the hour shows the corona of the hour. What is open is found on cells of two
degrees and few in height, to be fast: on cells of one degree, and from one hour to the
next, network of the other sign riddles the same holes otherwise (.55 and .9 of the joint
area in common).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

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
RADIAL_CELLS = 15  # with 25, .84 to .95 of the joint open area is the same


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


@dataclass(frozen=True, slots=True)
class Corona:
    """The corona of one simulated Sun, as cameras see it.

    seed : of its texture
    """

    seed: int

    def rate(self, moment: Moment, disk: Disk, size: int, wavelength: int) -> Picture:
        """What a perfect camera records of *moment*, DN/s, (size, size)."""
        channel = euv.relation(wavelength)
        brightness = _brightness(moment, channel, self.seed)
        return euv.image(brightness, moment.grid, channel, disk, (size, size))


@lru_cache(maxsize=len(euv.RELATIONS))
def _brightness(moment: Moment, channel: euv.Relation, seed: int) -> Picture:
    return euv.intensity(moment, open_field(moment), channel, seed)


@lru_cache(maxsize=1)
def open_field(moment: Moment) -> NDArray[np.int8]:
    """Polarity of open field on :data:`COARSE`, 0 where it is closed."""
    coarse = moment.grid.block_mean(moment.br, COARSE).astype(np.float32)
    above = corona.solve(corona.prepare(COARSE, SOURCE_SURFACE, RADIAL_CELLS), coarse)
    return corona.map_photosphere(above).polarity
