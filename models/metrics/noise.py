"""How noisy a magnetogram is, without a truth and against itself.

The noise level is the width of the histogram's core, where the quiet Sun's field is weaker
than the noise. Blurring lowers it at no gain, so it goes with σ_D, the repeatability of the
denoiser on two independent frames of one scene, which shows what noise is left, and with
the flux error, which shows what was taken from the Sun. Fields in gauss.
"""

from __future__ import annotations

import numpy as np

from models.metrics.summed import Floats, Mask, valid
from pipeline.enhance import noise

__all__ = ["PLACES", "noise_by_place", "noise_level", "repeatability"]

# Solar radii from … to; Park et al. 2020 give none: our choice.
PLACES = {"centre": (0.0, 0.3), "limb": (0.8, 0.95)}


def noise_level(field: Floats, mask: Mask | None = None) -> float:
    """Standard deviation [G] of the Gaussian that fits the core of the field's histogram.

    Definition: Park et al. 2020 (ApJL 891, L4), as the pipeline measures it too. NaN of
    fewer than 1000 pixels or of a histogram without a core.
    """
    return noise.noise_level(field[valid(field, mask=mask)])


def repeatability(first: Floats, second: Floats, mask: Mask | None = None) -> float:
    """σ_D = std(D(f₁) − D(f₂))/√2 [G] of two frames of one scene with independent noise."""
    kept = valid(first, second, mask=mask)
    return float(np.std((first - second)[kept], dtype=np.float64) / np.sqrt(2.0))


def noise_by_place(field: Floats, radius: Floats) -> dict[str, float]:
    """:func:`noise_level` of a full disk at its centre and near its limb, G."""
    return {
        name: noise_level(field, (radius >= inner) & (radius < outer))
        for name, (inner, outer) in PLACES.items()
    }
