"""What a worse camera would have reported of a field: noise and a telescope.

Knows: noise with a spatial correlation, growing to the limb; blur, pixels,
calibration. All of it in plain numpy from the generator that the caller gives.
Refuses to know: scenes, patches, which numbers belong to which instrument.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from models.data.scene import Field

FWHM = math.sqrt(8.0 * math.log(2.0))  # of a Gaussian, in standard deviations
LIMB = 0.18  # HMI's noise at the limb over that at disk centre, less 1 (Park et al. 2020)
REACH = 4.0  # standard deviations at which Gaussian kernels end


def noise(
    shape: tuple[int, int],
    sigma: float | Field,
    kernel: float,
    rng: np.random.Generator,
) -> Field:
    """Gaussian noise, (H, W), correlated as by a Gaussian kernel, alike up to the edges.

    sigma : gauss, the standard deviation after the smoothing; one number or (H, W)
    kernel : standard deviation of the kernel in pixels; 0 gives white noise. Real HMI
        45 s frames show .45 (science.md, §10).
    """
    white = rng.standard_normal(shape, np.float32)
    if kernel > 0.0:
        white = gaussian_filter(white, kernel, mode="wrap", truncate=REACH)
        white /= np.float32(_gain(kernel) ** 2)
    return np.asarray(np.asarray(sigma, np.float32) * white, np.float32)


def _gain(kernel: float) -> float:
    """Standard deviation of white noise of unit variance after smoothing along one axis."""
    line = np.zeros(2 * math.ceil(REACH * kernel) + 3)
    line[line.size // 2] = 1.0
    return float(np.sqrt(np.sum(gaussian_filter1d(line, kernel, truncate=REACH) ** 2)))


def level(radius: Field, centre: float, limb: float = LIMB) -> Field:
    """Noise [G] by distance from the disk's centre, (H, W), linear in mu.

    centre : gauss at disk centre; limb : relative increase from there to the limb
    """
    mu = np.sqrt(np.clip(1.0 - radius.astype(np.float64) ** 2, 0.0, 1.0))
    return np.asarray(centre * (1.0 + limb * (1.0 - mu)), np.float32)


def blur(field: Field, sigma: float) -> Field:
    """*field* smoothed by a Gaussian of *sigma* px; where it is NaN there is no field."""
    known = np.nan_to_num(field, nan=0.0)
    return np.asarray(gaussian_filter(known, sigma, mode="reflect", truncate=REACH), np.float32)


def binned(field: Field | NDArray[np.bool_], factor: int) -> Field:
    """Mean over blocks of *factor* by *factor* pixels; rows and columns beyond are cut off."""
    rows, columns = field.shape[0] // factor, field.shape[1] // factor
    whole = field[: rows * factor, : columns * factor]
    blocks = whole.reshape(rows, factor, columns, factor)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32))


def telescope(
    field: Field,
    pixel: float,
    fwhm: float,
    factor: int,
    scale: float,
    sigma: float,
    kernel: float,
    rng: np.random.Generator,
) -> Field:
    """What a camera with pixels *factor* times coarser reports, (H / factor, W / factor), gauss.

    Blurred, averaged over its pixels, scaled, then noise; the field beyond NaN is taken
    as none, as beyond the limb, and pixels of which half or more is NaN are NaN.

    field : (H, W) gauss; pixel : arcsec per pixel of it
    fwhm : of the Gaussian point spread, seeing included, arcsec
    scale : reported over true field (GONG .7, MDI 1.31: Munoz-Jaramillo et al. 2024)
    sigma, kernel : of the noise in the coarse pixels, gauss and px, as of :func:`noise`
    """
    coarse = np.float32(scale) * binned(blur(field, fwhm / FWHM / pixel), factor)
    measured = binned(np.isfinite(field), factor) > 0.5
    coarse += noise((coarse.shape[0], coarse.shape[1]), sigma, kernel, rng)
    return np.asarray(np.where(measured, coarse, np.float32(np.nan)))
