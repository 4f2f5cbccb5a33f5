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

CLIMATE_SIGMA = 37.0  # G, where nothing is known
SURROUNDINGS = 4.0  # deg, full width at half maximum
# Of the strength, over mu. Frames against the same places near disk centre three and four days
# apart are off by .65 cell by cell, beyond what passes in that time, from mu = .25 to .8; but
# neighbours err alike (regions appear nearer to disk centre, by .3 deg times the tangent of the
# angle), so that a smoothed map suffers more: with 1.0 it returned better than with .5, and than
# with .7 times the tangent, which fits the cells as well.
VIEW = 1.0
# (G, part of the strength, days): the network is another after a day, and then for weeks it is
# regions that emerge or decay unseen. By strength 7, 11, 18, 31 and 60 G the error after one
# day is 11, 14, 19, 31, 69 G, and after 15-20 days 14, 19, 27, 43, 99 G (68 % of the cells).
# What emerges unseen strikes quiet cells too: raised until the error was within two sigma in
# 92 % of the cells that rotated on from 17 January to 10 February, half a degree wide.
NETWORK = (7.0, 1.0, 0.5)
REGIONS = (14.0, 2.2, 30.0)


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
    return (VIEW * strong / mu) ** 2


def grown(variance: Floats, strong: Floats, days: Floats | float) -> Floats:
    """Variance, G², after *days* without observation; it never shrinks."""
    for floor, part, memory in (NETWORK, REGIONS):
        limit = floor**2 + (part * strong) ** 2
        missing = (limit - variance).clip(min=0.0)
        variance = variance - missing * np.expm1(-np.asarray(days) / memory)
    return variance
