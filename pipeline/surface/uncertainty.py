"""How wrong a cell may be: by how it was seen, and by how long ago.

Both errors go with the strength of the surroundings: where much flux is near, its smallest
shift changes a cell, however weak that cell is. Fitted to HMI frames of January and February
2014 (up to the 15th) on cells of half a degree. Errors have long tails, so that no one number
holds 68 % within one sigma, 95 % within two, and the mean square too; these lie between.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid
from pipeline.surface.transport import blur

Floats = NDArray[np.float64]

# G, where nothing is known: as far from the poles as regions and what is left of them come, and
# in the polar caps, which have the network and at activity minimum about 9 G of one sign.
CLIMATE_SIGMA, POLAR_SIGMA = 37.0, 12.0
ACTIVE, CALM = 50.0, 65.0  # deg of latitude between which the one turns into the other
SURROUNDINGS = 4.0  # deg, full width at half maximum
# Of the strength, times the tangent of the angle from disk centre: there the line of sight is the
# radius and nothing is assumed; elsewhere the part of an inclined field that looks radial, and
# regions that appear nearer to the centre than they are, by .3 deg times the tangent, go with it.
# It fits frames against the same places near disk centre three and four days apart.
VIEW = 0.7
# (G, part of the strength, days): the network is another after a day, and then for weeks it is
# regions that emerge or decay unseen. By strength 7, 11, 18, 31 and 60 G the error after one
# day is 11, 14, 19, 31, 69 G, and after 15-20 days 14, 19, 27, 43, 99 G (68 % of the cells).
# What emerges unseen strikes quiet cells too: raised until the error was within two sigma in
# 92 % of the cells that rotated on from 17 January to 10 February, half a degree wide. In the
# polar caps no region emerges; the network there is another after as many weeks.
NETWORK = (7.0, 1.0, 0.5)
REGIONS = (18.0, 2.2, 30.0)
CAPS = (10.0, 1.0)


def ignorance(grid: CarringtonGrid) -> Floats:
    """Error, G, (nlat, nlon), of zero field for a Sun that nobody has seen."""
    share = _active(grid.nlat)
    sigma = np.sqrt(share * CLIMATE_SIGMA**2 + (1.0 - share) * POLAR_SIGMA**2)
    return np.broadcast_to(sigma, grid.shape)


def strength(br: NDArray[np.floating], grid: CarringtonGrid, noise: Floats | float = 0.0) -> Floats:
    """Mean unsigned field around every cell, gauss; cells that are NaN are left out.

    noise : gauss, standard deviation of the noise of *br*, whose part is taken out. The mean
        unsigned value of a normal number is sqrt(2/π) of its deviation; both add in squares.
    """
    seen = np.isfinite(br)
    fields = [np.where(seen, np.abs(br), 0.0), np.where(seen, noise, 0.0), seen]
    total, noisy, share = blur(np.stack(fields), grid, SURROUNDINGS).clip(min=0.0)
    squares = total**2 - 2.0 / math.pi * noisy**2
    return np.where(seen, np.sqrt(squares.clip(min=0.0)) / np.where(seen, share, 1.0), np.nan)


def view_variance(mu: Floats, strong: Floats) -> Floats:
    """Variance, G², of taking the field as radial where it is seen at *mu*."""
    return (VIEW * strong) ** 2 * (1.0 / mu**2 - 1.0)


def grown(variance: Floats, strong: Floats, days: Floats | float) -> Floats:
    """Variance, G², after *days* without observation; it never shrinks. All (nlat, nlon)."""
    active = _active(len(variance))
    quiet = CAPS[0] ** 2 + (CAPS[1] * strong) ** 2
    for floor, part, memory, share in ((*NETWORK, 1.0), (*REGIONS, active)):
        limit = share * (floor**2 + (part * strong) ** 2) + (1.0 - share) * quiet
        missing = (limit - variance).clip(min=0.0)
        variance = variance - missing * np.expm1(-np.asarray(days) / memory)
    return variance


def _active(nlat: int) -> Floats:
    """How much of what regions do reaches a row, 1 to 0 towards the poles, (nlat, 1)."""
    sine = np.abs((np.arange(nlat) + 0.5) * 2.0 / nlat - 1.0)
    lat = np.degrees(np.arcsin(sine))[:, np.newaxis]
    return np.interp(lat, (ACTIVE, CALM), (1.0, 0.0))
