"""How well one field stands for another, pixel by pixel.

Every figure is of an estimate against the truth, both in gauss, and NaN where the pixels
cannot give it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.metrics.summed import Floats, Labels, Mask, Sum, Summed, ratio, sums, valid

__all__ = ["Moments"]


@dataclass(frozen=True, slots=True)
class Moments(Summed):
    """Sums over pixels of an estimate e, the truth t, their products and their sizes."""

    n: Sum
    e: Sum
    t: Sum
    ee: Sum
    tt: Sum
    et: Sum
    abs_e: Sum
    abs_t: Sum

    @classmethod
    def of(cls, estimate: Floats, truth: Floats, mask: Mask | None = None) -> Moments:
        """Of the finite pixels of two fields of one shape where *mask* is True."""
        return cls.by_label(estimate, truth, np.zeros(truth.shape, np.intp), 1, mask).total

    @classmethod
    def by_label(
        cls,
        estimate: Floats,
        truth: Floats,
        labels: Labels,
        count: int,
        mask: Mask | None = None,
    ) -> Moments:
        """Of the pixels under each label 0 … count − 1: arrays of shape (count,)."""
        kept = valid(estimate, truth, mask=mask)
        e, t = estimate[kept].astype(np.float64), truth[kept].astype(np.float64)
        terms = (np.ones_like(e), e, t, e * e, t * t, e * t, np.abs(e), np.abs(t))
        return cls(*(sums(term, labels[kept], count) for term in terms))

    @property
    def correlation(self) -> Sum:
        """Pearson's ρ."""
        return ratio(self._covariance, np.sqrt(self._variance_e * self._variance_t))

    @property
    def slope(self) -> Sum:
        """Least-squares regression of the estimate on the truth: .5 for half the amplitude."""
        return ratio(self._covariance, self._variance_t)

    @property
    def bias(self) -> Sum:
        """Mean of estimate − truth, G: the error of the net flux density."""
        return ratio(self.e - self.t, self.n)

    @property
    def mse(self) -> Sum:
        """Mean squared difference, G²."""
        return ratio(np.maximum(self.ee - 2.0 * self.et + self.tt, 0.0), self.n)

    @property
    def rmse(self) -> Sum:
        """Root of :attr:`mse`, G."""
        return np.sqrt(self.mse)

    @property
    def scatter(self) -> Sum:
        """Standard deviation of estimate − truth, G."""
        return np.sqrt(np.maximum(self.mse - self.bias**2, 0.0))

    @property
    def nmse(self) -> Sum:
        """Summed squared difference over the truth's summed square (Park et al. 2020, [D])."""
        return ratio(self.mse * self.n, self.tt)

    @property
    def unsigned_flux_error(self) -> Sum:
        """Σ|e| / Σ|t| − 1, on pixels of equal area: −.05 when 5 % of the flux is lost."""
        return ratio(self.abs_e, self.abs_t) - 1.0

    def psnr(self, peak: float) -> Sum:
        """10 lg(peak²/MSE), dB."""
        with np.errstate(divide="ignore"):
            return 10.0 * np.log10(peak**2 / self.mse)

    @property
    def _covariance(self) -> Sum:
        return self.n * self.et - self.e * self.t

    @property
    def _variance_e(self) -> Sum:
        return np.maximum(self.n * self.ee - self.e**2, 0.0)

    @property
    def _variance_t(self) -> Sum:
        return np.maximum(self.n * self.tt - self.t**2, 0.0)
