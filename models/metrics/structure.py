"""Extremes, gradients and structural similarity: whether the picture is as sharp as the Sun.

Definitions after Muñoz-Jaramillo et al. 2024 (ApJS 271, 46): over kernels of 2 to 32 px,
how far the largest field in the kernel is from the true one, and how steep the difference
is. Fields in gauss, shape (ny, nx); kernels that do not fit, or hold a pixel that is not
measured, are left out.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import minimum_filter, sobel
from skimage.metrics import structural_similarity

from models.metrics.summed import Floats, Mask, Sum, valid

__all__ = ["KERNELS", "extreme_cells", "extremes", "gradient", "gradient_cells", "ssim", "ssim_map"]

KERNELS = (2, 4, 8, 16, 32)  # px
SOBEL = 8.0  # the sum of the positive weights, twice: a ramp of 1 G/px has a gradient of 1 G/px


def extremes(estimate: Floats, truth: Floats, kernel: int, mask: Mask | None = None) -> float:
    """Mean of |max B − max B̂| over side-by-side kernels of *kernel* px, G; B with its sign."""
    return _mean(extreme_cells(estimate, truth, kernel, mask))


def extreme_cells(estimate: Floats, truth: Floats, kernel: int, mask: Mask | None = None) -> Sum:
    """|max B − max B̂| in each kernel, G, shape (ny // kernel, nx // kernel); NaN if left out."""
    kept = valid(estimate, truth, mask=mask)
    e, t = (_cells(np.where(kept, field, np.nan), kernel).max(-1) for field in (estimate, truth))
    return np.asarray(np.abs(e - t))


def gradient(estimate: Floats, truth: Floats, kernel: int, mask: Mask | None = None) -> float:
    """Mean Sobel gradient of B̂ − B after averaging kernels of *kernel* px, G/px."""
    return _mean(gradient_cells(estimate, truth, kernel, mask))


def gradient_cells(estimate: Floats, truth: Floats, kernel: int, mask: Mask | None = None) -> Sum:
    """Size of the Sobel gradient of the averaged difference, G/px, by kernel; NaN if left out.

    One px is one pixel of the fields, whatever the kernel.
    """
    kept = valid(estimate, truth, mask=mask)
    mean = _cells(np.where(kept, estimate - truth, np.nan), kernel).mean(-1)
    steps = [sobel(mean, axis, mode="nearest") for axis in (0, 1)]
    return np.asarray(np.hypot(*steps) / (SOBEL * kernel))


def ssim(estimate: Floats, truth: Floats, limit: float, mask: Mask | None = None) -> float:
    """Mean structural similarity of the fields clipped at ±*limit* G; see :func:`ssim_map`."""
    return _mean(ssim_map(estimate, truth, limit, mask))


def ssim_map(estimate: Floats, truth: Floats, limit: float, mask: Mask | None = None) -> Sum:
    """Structural similarity about every pixel (Wang et al. 2004, IEEE Trans. Image Process. 13).

    Gaussian window of 1.5 px, K₁ = .01, K₂ = .03, dynamic range 2·limit; NaN where the
    window of 11 px holds a pixel that is not measured. Fields are shifted to 0 … 2·limit, as
    pictures are, or a field of the wrong polarity would be similar. An image of zeros scores
    high on a quiet Sun (Sayez et al. 2025): never show it alone.
    """
    kept = valid(estimate, truth, mask=mask)
    e, t = (
        np.where(kept, np.clip(field, -limit, limit), 0.0).astype(np.float64) + limit
        for field in (estimate, truth)
    )
    _, similarity = structural_similarity(
        e, t, data_range=2.0 * limit, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    whole = minimum_filter(kept, 11, mode="constant", cval=False)
    return np.where(whole, similarity, np.nan)


def _cells(field: Sum, kernel: int) -> Sum:
    """Pixels of each kernel, shape (ny // kernel, nx // kernel, kernel²)."""
    ny, nx = (length // kernel for length in field.shape)
    cut = field[: ny * kernel, : nx * kernel].astype(np.float64)
    return cut.reshape(ny, kernel, nx, kernel).transpose(0, 2, 1, 3).reshape(ny, nx, kernel**2)


def _mean(cells: Sum) -> float:
    """Mean of what is not NaN."""
    known = cells[np.isfinite(cells)]
    return float(known.mean()) if known.size else np.nan
