"""Which pixels a figure is about: by field strength, by place on the disk, by activity.

Every choice looks at the truth, never at the estimate, so that all estimates are judged on
the same pixels. Fields in gauss, radius in solar radii as seen by the observer.
"""

from __future__ import annotations

import numpy as np

from models.metrics.summed import Floats, Mask

__all__ = ["ACTIVE", "STRONG", "WEAK", "active", "strata", "weak"]

WEAK = 100.0  # G; denoising is judged on |B| up to here (Park et al. 2020 clip at ±100 G)
STRONG = 600.0  # G, and up (Muñoz-Jaramillo et al. 2024)
ACTIVE = 50.0  # G of mean |B| in a block make it active: our choice, they give none
RADII = {"r ≤ 2/3": 2.0 / 3.0, "r ≤ .9": 0.9}  # Muñoz-Jaramillo et al. 2024


def weak(truth: Floats) -> Mask:
    """Where |truth| ≤ 100 G: the pixels of NMSE, PSNR, σ_D and flux in denoising."""
    return np.asarray(np.abs(truth) <= WEAK)


def strata(truth: Floats, radius: Floats) -> dict[str, Mask]:
    """Masks by radius and by field strength, by name; "all" is every measured pixel."""
    strength = np.abs(truth)
    measured = np.isfinite(truth)
    return {
        "all": measured,
        **{name: measured & (radius <= outer) for name, outer in RADII.items()},
        "≥ 600 G": strength >= STRONG,
        "< 600 G": strength < STRONG,
    }


def active(truth: Floats, block: int = 32) -> Mask:
    """Where blocks of *block* px have a mean |B| above 50 G; quiet is the rest of the measured.

    Blocks at the far edges may be smaller. The Pix2PixCC papers chose boxes by hand.
    """
    strength = np.abs(truth)
    chosen = np.zeros(truth.shape, bool)
    for y in range(0, truth.shape[0], block):
        for x in range(0, truth.shape[1], block):
            part = strength[y : y + block, x : x + block]
            known = part[np.isfinite(part)]
            chosen[y : y + block, x : x + block] = known.size > 0 and known.mean() > ACTIVE
    return chosen & np.isfinite(truth)
