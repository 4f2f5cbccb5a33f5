"""Where a picture of the corona shows light, and not a camera that is full or a frame half dark.

Instruments mask what their headers tell of; this is what only the picture tells. A network
would take a flat top for a quiet place and darkness for a hole, and be sure of either.
Refuses to know: networks, headers.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_propagation, uniform_filter

from pipeline.enhance.frames import Mask, Plane

PLATEAU = 16  # px that share the largest value: noise does not repeat it so often
NEARBY = 7  # px, of a network's disk of some 200: what is dark over so many has no light
DARK = 0.02  # of the brighter quarter; a coronal hole keeps a tenth (instruments.disk.check_lit)


def below_full(values: Plane, measured: Mask) -> Mask:
    """*measured* without the pixels, (ny, nx), that share the picture's largest value.

    A picture of one value shows nothing, but no full camera: it stays as it is.
    """
    if not measured.any():
        return measured
    full = measured & (values == values[measured].max())
    if not PLATEAU <= full.sum() < measured.sum() / 2:
        return measured
    return np.asarray(measured & ~full)


def lit(values: Plane, measured: Mask) -> Mask:
    """*measured*, (ny, nx), without the parts that are dark all around, as of a frame half lit."""
    bright = np.quantile(values[measured], 0.75) if measured.any() else 0.0
    if bright <= 0.0:
        return measured
    light = uniform_filter(np.where(measured, values, np.float32(0.0)), NEARBY)
    there = uniform_filter(measured.astype(np.float32), NEARBY)
    dark = measured & (light < DARK * bright * there)
    unlit = binary_propagation(dark, mask=measured & (values < DARK * bright))
    return np.asarray(measured & ~(dark | unlit))
