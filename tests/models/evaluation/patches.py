"""Patches of a Sun of known spectrum, for trials that end quickly."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from scipy.ndimage import gaussian_filter

from models.data import Scene


def patch(region: str, seed: int, shape: tuple[int, int] = (96, 128)) -> Scene:
    """Concentrations of up to a kilogauss on a quiet Sun, .5 arcsec a pixel."""
    white = np.random.default_rng(seed).standard_normal(shape)
    smooth = gaussian_filter(white, 1.5)
    smooth /= smooth.std()
    field = (30.0 * smooth * np.abs(smooth) ** 1.5).astype(np.float32)
    radius = np.full(shape, 0.5, np.float32)
    return Scene(field, radius, 0.5, region, datetime(2025, 1, seed + 1, tzinfo=UTC))
