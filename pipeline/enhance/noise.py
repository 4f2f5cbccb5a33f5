"""How noisy a magnetogram is, told from the frame itself.

Knows: the width of the core of a histogram. Refuses to know: frames, geometry, networks.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

ENOUGH = 1000  # pixels, for a width good to 3 %
CORE = 1.5  # standard deviations on either side of the peak that take part
BINS = 30
ROUNDS = 20


def noise_level(values: NDArray[np.floating[Any]]) -> float:
    """Standard deviation of the Gaussian that fits the core of the histogram of *values*.

    Over most of the Sun the field is weaker than the noise, so the core is noise and the
    field lies in the wings (Park et al. 2020, ApJL 891, L4). The logarithm of a Gaussian is
    a parabola: it is fitted to the logarithms of the counts between ±1.5 standard
    deviations, each with the weight that its Poisson error asks for, until that stays.

    values : finite, of any shape

    Returns NaN for fewer than 1000 values, or if more than half of them are alike.
    """
    values = np.ravel(values).astype(np.float64)
    if values.size < ENOUGH:
        return math.nan
    centre = float(np.median(values))
    width = 1.4826 * float(np.median(np.abs(values - centre)))  # exact for a Gaussian
    for _ in range(ROUNDS):
        if not width > 0.0:
            return math.nan
        counts, edges = np.histogram((values - centre) / width, BINS, (-CORE, CORE))
        seen = counts > 0
        x, log = ((edges[1:] + edges[:-1]) / 2.0)[seen], np.log(counts[seen])
        curve, slope, _ = np.polyfit(x, log, 2, w=np.sqrt(counts[seen]))
        if curve >= 0.0:
            return math.nan
        before = width
        centre -= width * slope / (2.0 * curve)
        width *= math.sqrt(-0.5 / curve)
        if abs(width / before - 1.0) < 1e-3:
            break
    return width
