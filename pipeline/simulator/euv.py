"""The corona in extreme ultraviolet: how bright a magnetised surface shines, and how it is seen.

A place seen from above shines with

    log10 I = level + near·x(near_width) + far·x(5°) + hole·o + umbra·u + s·g
    x(width) = log10((⟨min(|B_r|, 250 G)⟩_width + 1 G) / 10 G)
    s = scatter·(1 + 1.5·x(5°)), but .4 to 2 times scatter

in DN/s of an AIA synoptic pixel: the field at the feet and the field of the region
around them (⟨⟩ is a Gaussian mean on the sphere, and what loops blur), the share o of
open field, umbrae u, and a texture g of unit variance that the field does not explain,
twice as strong among active regions as in the quiet Sun.
An observer sees it under the cosine mu; with z = -log10 mu,

    log10 I(mu) = log10 I + limb1·z + limb2·z²    down to mu = .25,

from there straight in mu to ``rim`` at the limb, and beyond it falling exponentially.

Measured on the AIA and HMI pair of 2014-01-01 (``ops/euv_calibration.py``): 171, 193,
211 Å. Chosen, not measured: 284 and 304 Å, every ``umbra`` and every ``near_width``
below a degree, the bounds of umbrae and of the scatter, the softness of the edges of
holes, and how much is blurred towards the limb. A Sun seen by EUVI at 195 Å is taken
to be AIA's at 193 Å.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

from pipeline.core import CarringtonGrid, Disk
from pipeline.core.grid import R_SUN_CM
from pipeline.simulator.random_field import evolving
from pipeline.simulator.sun import Moment
from pipeline.surface.rotation import CARRINGTON_RATE
from pipeline.surface.transport import DAY, Flow, transport

Floats = NDArray[np.float64]
Pixels = NDArray[np.float32]

SATURATION = 250.0  # G; more field than this makes no place brighter
FAR_WIDTH = 5.0  # deg, standard deviation
EDGE_WIDTH = 1.0  # deg, of coronal holes
LIMB_MU = 0.25  # below it the relations are not fitted
UMBRA = (900.0, 1800.0)  # G averaged over a cell: where umbrae begin, and where they are full
# Growth of the scatter with x(5°): 1.1 at 171, 1.4 at 193, 1.5 at 211 Å; and its bounds.
GROWTH, LEAST, MOST = 1.5, 0.4, 2.0
# deg, over which the correlation of the texture falls by e; 4.4 at 171, 5.8 at 193, 6.2 at 211 Å
TEXTURE_LENGTH = 5.5


@dataclass(frozen=True, slots=True)
class Relation:
    """What ties the brightness of one channel to the magnetic field; see the module.

    wavelength : Å
    level, hole, umbra, rim : dex; scatter : dex, where ⟨|B_r|⟩ over 5 deg is 9 G
    near, far : exponents; near_width : deg, standard deviation
    scale_height : of the brightness beyond the limb, in apparent solar radii
    measured : False where the numbers are a choice
    """

    wavelength: int
    level: float
    near: float
    near_width: float
    far: float
    limb1: float
    limb2: float
    rim: float
    scale_height: float
    scatter: float
    hole: float
    umbra: float = -0.3
    measured: bool = True

    def limb(self, mu: ArrayLike) -> Floats:
        """How much brighter than from above a place looks under the cosine *mu*, dex."""
        mu = np.asarray(mu, np.float64)
        z = -np.log10(np.maximum(mu, LIMB_MU))
        inner = self.limb1 * z + self.limb2 * z**2
        return np.asarray(inner + (self.rim - inner) * _towards_limb(mu))

    def drawn(self, rng: np.random.Generator) -> Relation:
        """A random relation around this one, to train on more Suns than one.

        Numbers are multiplied by factors uniform in their logarithm up to 1.5 either
        way (2.25 for a channel that was chosen), the level moves by up to .3 (.6) dex.
        ``near_width`` takes one of three values, because every width costs a propagator.
        """
        spread = 1.0 if self.measured else 2.0

        def vary(value: float) -> float:
            return float(value * 1.5 ** rng.uniform(-spread, spread))

        return replace(
            self,
            level=self.level + rng.uniform(-0.3, 0.3) * spread,
            near=vary(self.near),
            near_width=self.near_width * 1.5 ** float(rng.integers(-1, 2)),
            far=vary(self.far),
            limb1=vary(self.limb1),
            limb2=vary(self.limb2),
            rim=vary(self.rim),
            scale_height=vary(self.scale_height),
            scatter=vary(self.scatter),
            hole=vary(self.hole),
            umbra=vary(self.umbra),
        )


RELATIONS = {
    171: Relation(171, 2.02, 0.50, 1.0, 0.06, 0.50, 0.22, 0.70, 0.046, 0.179, -0.17),
    193: Relation(193, 2.19, 0.30, 1.0, 0.59, 0.11, 0.32, 0.59, 0.062, 0.153, -0.62),
    211: Relation(211, 1.69, 0.21, 1.0, 0.99, -0.35, 0.76, 0.39, 0.077, 0.160, -0.66),
    # Fe XV forms at 2 MK, and AIA sees such plasma at 211 and 335 Å: the shape lies between
    # theirs (335 Å is fitted by the same script), the level is a guess.
    284: Relation(
        284, 1.10, 0.22, 1.0, 0.99, -0.28, 0.73, 0.44, 0.068, 0.150, -0.56, measured=False
    ),
    # He II traces the chromospheric network: 1.6, 2.1, 3.3 and 4.8 times the quiet Sun in quiet
    # network, active network, enhanced network and plage (Worden et al. 1999, ApJ 511, 965).
    # Its bright limb lies a few Mm above the coronal one (Zhang et al. 1998, ApJ 504, L127).
    304: Relation(
        304, 1.60, 0.45, 0.35, 0.05, 0.15, 0.0, 0.15, 0.015, 0.120, -0.08, measured=False
    ),
}

# Correlation of the texture between the channels, in the order of RELATIONS. The first three
# are measured; 284 is taken from AIA's 335 Å; 304 is chosen.
BETWEEN_CHANNELS = np.array(
    [
        [1.00, 0.65, 0.42, 0.60, 0.50],
        [0.65, 1.00, 0.90, 0.77, 0.40],
        [0.42, 0.90, 1.00, 0.79, 0.30],
        [0.60, 0.77, 0.79, 1.00, 0.30],
        [0.50, 0.40, 0.30, 0.30, 1.00],
    ]
)


def relation(wavelength: int) -> Relation:
    """The relation for a channel of AIA or EUVI [Å]; KeyError if there is none."""
    return RELATIONS[193 if wavelength == 195 else wavelength]


def intensity(
    moment: Moment, open_field: NDArray[np.integer], channel: Relation, seed: int
) -> Pixels:
    """Brightness of every cell as seen from above, DN/s, float32 (nlat, nlon).

    open_field : polarity of open field, 0 where closed; on the moment's grid or a coarser
        one whose cells are whole blocks of it
    seed : of the texture, which is the same for the same seed, grid and time
    """
    grid = moment.grid
    strength = np.abs(moment.br, dtype=np.float64)
    clipped = np.minimum(strength, SATURATION)
    blocks = np.ones((grid.nlat // open_field.shape[0], grid.nlon // open_field.shape[1]))
    texture = evolving(grid, moment.time, seed, TEXTURE_LENGTH, BETWEEN_CHANNELS)
    far = magnetisation(smooth(clipped, grid, FAR_WIDTH))
    uneven = np.clip(1.0 + GROWTH * far, LEAST, MOST)
    low, high = UMBRA
    log_intensity = (
        channel.level
        + channel.near * magnetisation(smooth(clipped, grid, channel.near_width))
        + channel.far * far
        + channel.hole * smooth(np.kron(open_field != 0, blocks), grid, EDGE_WIDTH)
        + channel.umbra * np.clip((strength - low) / (high - low), 0.0, 1.0)
        + channel.scatter * uneven * texture[list(RELATIONS).index(channel.wavelength)]
    )
    return np.asarray(10.0**log_intensity, np.float32)


def image(
    brightness: Pixels, grid: CarringtonGrid, channel: Relation, disk: Disk, shape: tuple[int, int]
) -> Pixels:
    """What a perfect camera records, DN/s, float32 *shape* (ny, nx), on the disk and beyond.

    brightness : from :func:`intensity`

    Near the limb and beyond it a line of sight passes over many places and heights, so what
    it shows is the blurrier the higher.
    """
    y, x = np.mgrid[: shape[0], : shape[1]]
    dx, dy = x - disk.x0, y - disk.y0
    radius = np.hypot(dx, dy) / disk.radius
    inwards = np.minimum(1.0, 0.9999 / np.maximum(radius, 1e-9))
    lon, lat = disk.sphere(disk.x0 + dx * inwards, disk.y0 + dy * inwards)
    mu = np.where(radius < 1.0, disk.observer.mu(lon, lat), 0.0)
    fall = np.exp((1.0 - np.maximum(radius, 1.0)) / channel.scale_height)
    sharp = fall * (1.0 - 0.5 * _towards_limb(mu))
    row_column = np.stack(grid.geometry.pixel(lon, lat)[::-1])
    seen = sharp * _sample(brightness, row_column)
    blurred = sharp < 1.0
    aloft = _sample(smooth(brightness, grid, FAR_WIDTH), row_column[:, blurred])
    seen[blurred] += (1.0 - sharp[blurred]) * aloft
    return np.asarray(seen * fall * 10.0 ** channel.limb(mu), np.float32)


def magnetisation(mean: Floats) -> Floats:
    """The x of the relations, of a mean unsigned field [G]."""
    return np.asarray(np.log10((mean + 1.0) / 10.0))


def smooth(field: NDArray[np.floating], grid: CarringtonGrid, width: float) -> Floats:
    """Gaussian mean of standard deviation *width* [deg] on the sphere: one day of diffusion."""
    spread = np.radians(width) * R_SUN_CM / 1e5  # km
    still = Flow((CARRINGTON_RATE, 0.0, 0.0), (0.0, 0.0, 0.0), spread**2 / (2.0 * DAY))
    return np.maximum(transport(field, grid, 1.0, still), 0.0)


def _towards_limb(mu: Floats) -> Floats:
    """0 inside ``LIMB_MU``, rising to 1 at the limb."""
    return np.clip(1.0 - mu / LIMB_MU, 0.0, 1.0)


def _sample(values: NDArray[np.floating], row_column: Floats) -> Floats:
    """Bilinear value of a map at fractional rows and columns, around 0°/360° as well."""
    wrapped = np.pad(np.pad(values, ((0, 0), (1, 1)), mode="wrap"), ((1, 1), (0, 0)), mode="edge")
    return np.asarray(map_coordinates(wrapped, row_column + 1.0, np.float64, order=1))
