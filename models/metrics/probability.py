"""Whether the claimed error is the real one.

A prediction is normal with *mean* and *sigma* [G] at every pixel; arrays of any one shape.
Where the truth itself is noisy, the claimed error is of the truth as observed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from models.metrics.summed import Floats, Labels, Mask, Sum, Summed, ratio, sums, valid

__all__ = ["Calibration", "crps", "folded", "rank_histogram"]

LEVELS = {"68": float(ndtri(0.84)), "95": float(ndtri(0.975))}  # half widths, in sigma


def crps(mean: Floats, sigma: Floats, truth: Floats) -> Sum:
    """Continuous ranked probability score of every pixel, G; |mean − truth| where sigma is 0.

    σ [z (2Φ(z) − 1) + 2φ(z) − 1/√π], z = (truth − mean)/σ: Gneiting et al. 2005
    (Mon. Weather Rev. 133, 1098), equation 5.
    """
    error = np.asarray(truth, np.float64) - mean
    sharp = np.asarray(sigma, np.float64)
    z = np.divide(error, sharp, out=np.zeros_like(error), where=sharp > 0.0)
    density = np.exp(-(z**2) / 2.0) / np.sqrt(2.0 * np.pi)
    score = sharp * (z * (2.0 * ndtr(z) - 1.0) + 2.0 * density - 1.0 / np.sqrt(np.pi))
    return np.where(sharp > 0.0, score, np.abs(error))


def folded(mean: Floats, sigma: Floats) -> Sum:
    """Mean size of the normal variable at every pixel, G (Leone et al. 1961, Technometrics 3, 543).

    The mean of all fields that could be has less unsigned flux than any of them; this is what
    mean and standard error together promise of it.
    """
    size = np.abs(np.asarray(mean, np.float64))
    wide = np.asarray(sigma, np.float64)
    ratio = np.divide(size, wide, out=np.full_like(size, np.inf), where=wide > 0.0)
    tail = wide * np.sqrt(2.0 / np.pi) * np.exp(-0.5 * ratio**2)
    return np.asarray(tail + size * (2.0 * ndtr(ratio) - 1.0))


def rank_histogram(samples: Floats, truth: Floats) -> NDArray[np.intp]:
    """How often each rank fell to the truth among *samples* (n, …): n + 1 counts, flat if fair.

    Ties go to the lower rank. Source: Hamill 2001 (Mon. Weather Rev. 129, 550).
    """
    kept = valid(truth, *samples)
    ranks = (samples[:, kept] < truth[kept]).sum(0)
    return np.bincount(ranks, minlength=len(samples) + 1)


@dataclass(frozen=True, slots=True)
class Calibration(Summed):
    """Sums over pixels of squared error and sigma, CRPS and hits; figures follow."""

    n: Sum
    error2: Sum
    sigma2: Sum
    crps_sum: Sum
    hits_68: Sum
    hits_95: Sum

    @classmethod
    def of(
        cls, mean: Floats, sigma: Floats, truth: Floats, mask: Mask | None = None
    ) -> Calibration:
        """Of the finite pixels where *mask* is True."""
        labels = np.zeros(truth.shape, np.intp)
        return cls.by_label(mean, sigma, truth, labels, 1, mask).total

    @classmethod
    def by_label(
        cls,
        mean: Floats,
        sigma: Floats,
        truth: Floats,
        labels: Labels,
        count: int,
        mask: Mask | None = None,
    ) -> Calibration:
        """Of the pixels under each label 0 … count − 1: arrays of shape (count,)."""
        kept = valid(mean, sigma, truth, mask=mask)
        m, s, t = (field[kept].astype(np.float64) for field in (mean, sigma, truth))
        error = np.abs(m - t)
        terms = (
            np.ones_like(m),
            error**2,
            s**2,
            crps(m, s, t),
            *((error <= width * s).astype(np.float64) for width in LEVELS.values()),
        )
        return cls(*(sums(term, labels[kept], count) for term in terms))

    @property
    def spread_skill(self) -> Sum:
        """Root-mean-square sigma over root-mean-square error: above 1 too modest."""
        return np.sqrt(ratio(self.sigma2, self.error2))

    @property
    def crps(self) -> Sum:
        """Mean CRPS, G."""
        return ratio(self.crps_sum, self.n)

    @property
    def coverage_68(self) -> Sum:
        """Share of pixels inside the central 68 % interval."""
        return ratio(self.hits_68, self.n)

    @property
    def coverage_95(self) -> Sum:
        """Share of pixels inside the central 95 % interval."""
        return ratio(self.hits_95, self.n)
