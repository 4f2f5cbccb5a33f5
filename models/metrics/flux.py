"""Magnetic flux: of the radial field behind a line-of-sight field, and over many images.

The radial field is B_los/μ, as for a vertical field, and a pixel of the sky covers 1/μ of
its area on the Sun: both of Muñoz-Jaramillo et al. 2024 (ApJS 271, 46). Fields in gauss,
lengths in arcsec at one astronomical unit, flux in maxwell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.metrics.moments import Moments
from models.metrics.summed import Floats, Mask, Sum, valid

__all__ = [
    "FluxAgreement",
    "binned",
    "cosine",
    "flux_agreement",
    "signed_flux",
    "signed_flux_error",
]

ARCSEC_CM = 1.495978707e13 * np.pi / 648000.0  # one arcsec at 1 AU (IAU 2012 Resolution B2)
BIN = 8  # px; the binned correlation of Kim et al. 2019 and Jeong et al. 2020, 2022


def cosine(radius: Floats) -> Sum:
    """μ at *radius* [R☉] for a distant observer: √(1 − r²), NaN at the limb and beyond."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(radius < 1.0, np.sqrt(1.0 - np.square(radius, dtype=np.float64)), np.nan)


def signed_flux(b_los: Floats, radius: Floats, pixel: float, mask: Mask | None = None) -> float:
    """Net radial flux, Mx, of an image of the sky with *pixel* arcsec a side.

    Σ (B_los/μ) (A/μ) over measured pixels where *mask* is True; close to the limb the
    errors of both grow as 1/μ², so give a mask (the paper takes r ≤ .9).
    """
    mu = cosine(radius)
    kept = valid(b_los, mu, mask=mask)
    return float(np.sum(b_los[kept] / mu[kept] ** 2, dtype=np.float64) * (pixel * ARCSEC_CM) ** 2)


def signed_flux_error(
    estimate: Floats, truth: Floats, radius: Floats, pixel: float, mask: Mask | None = None
) -> float:
    """Net radial flux of *estimate* − *truth*, Mx, where both are measured."""
    return signed_flux(estimate - truth, radius, pixel, mask)


def binned(field: Floats, mask: Mask | None = None, size: int = BIN) -> Sum:
    """Mean of the kept pixels in blocks of *size* px; NaN where fewer than half are kept.

    Rows and columns that fill no block are left out.
    """
    kept = valid(field, mask=mask)
    ny, nx = (length // size for length in field.shape)
    cells = (ny, size, nx, size)
    crop = (slice(ny * size), slice(nx * size))
    count = kept[crop].reshape(cells).sum((1, 3))
    total = np.where(kept, field, 0.0)[crop].reshape(cells).sum((1, 3), dtype=np.float64)
    return np.where(2 * count >= size**2, total / np.maximum(count, 1), np.nan)


@dataclass(frozen=True, slots=True)
class FluxAgreement:
    """The Pix2PixCC table of one kind of place (disk, active or quiet), over images.

    total_unsigned, net : Pearson's ρ over images of Σ|B| and ΣB
    pixels : mean over images of Pearson's ρ of the means of bins
    rmse : G, root mean square over images of the pixels' differences
    """

    total_unsigned: float
    net: float
    pixels: float
    rmse: float


def flux_agreement(
    estimates: Sequence[Floats], truths: Sequence[Floats], masks: Sequence[Mask], size: int = BIN
) -> FluxAgreement:
    """Of a series of images; *masks* say which pixels belong to the place judged.

    size : px of the bins; fewer than eight where pixels are larger than the papers'
    Source: Kim et al. 2019 (Nat. Astron. 3, 397), Jeong et al. 2020 (ApJL 903, L25) and 2022
    (ApJS 262, 50). Correlations over fewer than two images are NaN.
    """
    each = [Moments.of(*triple) for triple in zip(estimates, truths, masks, strict=True)]
    pairs = zip(estimates, truths, masks, strict=True)
    blocks = [
        Moments.of(binned(e, mask, size), binned(t, mask, size)).correlation for e, t, mask in pairs
    ]

    def over_images(name: str) -> float:
        both = (np.array([getattr(m, f"{name}{which}") for m in each]) for which in "et")
        return float(Moments.of(*both).correlation)

    return FluxAgreement(
        total_unsigned=over_images("abs_"),
        net=over_images(""),
        pixels=float(np.nanmean(blocks)) if np.isfinite(blocks).any() else np.nan,
        rmse=float(np.sqrt(sum(m.mse * m.n for m in each) / sum(m.n for m in each))),
    )
