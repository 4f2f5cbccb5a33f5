"""Scenes small enough to know by heart."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from scipy.ndimage import gaussian_filter

from models.data import Scene

TIME = datetime(2014, 1, 1, tzinfo=UTC)


def textured(
    shape: tuple[int, int] = (96, 128), region: str = "a", time: datetime = TIME, seed: int = 0
) -> Scene:
    """A smooth field of about 100 G at half the disk's radius, half-arcsecond pixels."""
    white = np.random.default_rng(seed).standard_normal(shape)
    smooth = gaussian_filter(white, 2.0)
    field = (100.0 * smooth / smooth.std()).astype(np.float32)
    return Scene(field, np.full(shape, 0.5, np.float32), 0.5, region, time)
