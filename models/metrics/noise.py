"""How noisy a magnetogram is, without a truth and against itself.

The noise level is the width of the histogram's core, where the quiet Sun's field is weaker
than the noise. Blurring lowers it at no gain, so it goes with σ_D, the repeatability of the
denoiser on two independent frames of one scene, which shows what noise is left, and with
the flux error, which shows what was taken from the Sun. Fields in gauss.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import curve_fit

from models.metrics.summed import Floats, Mask, valid

__all__ = ["CENTRE", "LIMB", "noise_by_place", "noise_level", "repeatability"]

CORE = 1.5  # standard deviations either side of the peak that the fit sees
BINS = 31  # over the core
ROUNDS = 20
MAD = 1.4826  # standard deviations in a median absolute deviation, if normal
CENTRE, LIMB = (0.0, 0.3), (0.8, 0.95)  # solar radii; Park et al. 2020 give none: our choice


def noise_level(field: Floats, mask: Mask | None = None) -> float:
    """Standard deviation [G] of the Gaussian that fits the core of the field's histogram.

    Definition: Park et al. 2020 (ApJL 891, L4). The fit sees the peak ± 1.5 standard deviations
    and is repeated until that no longer moves. NaN of fewer than 1000 pixels or of a
    histogram without a core (more than half of the pixels alike).
    """
    values = field[valid(field, mask=mask)].astype(np.float64)
    if values.size < 1000:
        return np.nan
    centre = float(np.median(values))
    width = MAD * float(np.median(np.abs(values - centre)))
    for _ in range(ROUNDS):
        if not width > 0.0:
            return np.nan
        before = width
        centre, width = _fit_core(values, centre, width)
        if abs(width - before) < 1e-3 * before:
            break
    return width


def repeatability(first: Floats, second: Floats, mask: Mask | None = None) -> float:
    """σ_D = std(D(f₁) − D(f₂))/√2 [G] of two frames of one scene with independent noise."""
    kept = valid(first, second, mask=mask)
    return float(np.std((first - second)[kept], dtype=np.float64) / np.sqrt(2.0))


def noise_by_place(field: Floats, radius: Floats) -> dict[str, float]:
    """:func:`noise_level` of a full disk at its centre and near its limb, G."""
    places = {"centre": CENTRE, "limb": LIMB}
    return {
        name: noise_level(field, (radius >= inner) & (radius < outer))
        for name, (inner, outer) in places.items()
    }


def _fit_core(values: Floats, centre: float, width: float) -> tuple[float, float]:
    """Peak and width of the Gaussian through the histogram between ±1.5 widths."""
    span = (centre - CORE * width, centre + CORE * width)
    counts, edges = np.histogram(values, BINS, span)
    guess = (float(counts.max()), centre, width)
    fitted, _ = curve_fit(_gaussian, (edges[1:] + edges[:-1]) / 2.0, counts, guess, maxfev=2000)
    return float(fitted[1]), abs(float(fitted[2]))


def _gaussian(x: Floats, height: float, centre: float, width: float) -> Floats:
    return np.asarray(height * np.exp(-(((x - centre) / width) ** 2) / 2.0))
