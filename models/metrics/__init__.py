"""How well an estimate of a magnetic field stands for the truth: arrays in, numbers out.

Fields are in gauss; NaN, and pixels where a mask is False, are not judged. Where do I find …
    ρ, slope, RMSE, bias, NMSE, PSNR, unsigned flux?         ``Moments.of(estimate, truth, mask)``
    which pixels: weak, strong, by radius, active, quiet?    ``strata``
    net flux of the radial field, the Pix2PixCC table?       ``flux``
    extremes, gradients, SSIM?                               ``structure``
    noise level, repeatability σ_D, centre and limb?         ``noise``
    power kept, coherence, resolvability?                    ``Spectra.of(estimate, truth, mask)``
    CRPS, spread over skill, coverage, ranks?                ``probability``
    unsigned flux that mean and sigma promise together?      ``folded(mean, sigma)``

Refuses to know: networks, torch, files, how estimates came about.
"""

from models.metrics.flux import (
    FluxAgreement,
    binned,
    cosine,
    flux_agreement,
    signed_flux,
    signed_flux_error,
)
from models.metrics.moments import Moments
from models.metrics.noise import noise_by_place, noise_level, repeatability
from models.metrics.probability import Calibration, crps, folded, rank_histogram
from models.metrics.spectra import FREQUENCIES, Spectra
from models.metrics.strata import active, strata, weak
from models.metrics.structure import (
    KERNELS,
    extreme_cells,
    extremes,
    gradient,
    gradient_cells,
    ssim,
    ssim_map,
)
from models.metrics.summed import Average, Summed

__all__ = [
    "FREQUENCIES",
    "KERNELS",
    "Average",
    "Calibration",
    "FluxAgreement",
    "Moments",
    "Spectra",
    "Summed",
    "active",
    "binned",
    "cosine",
    "crps",
    "extreme_cells",
    "extremes",
    "flux_agreement",
    "folded",
    "gradient",
    "gradient_cells",
    "noise_by_place",
    "noise_level",
    "rank_histogram",
    "repeatability",
    "signed_flux",
    "signed_flux_error",
    "ssim",
    "ssim_map",
    "strata",
    "weak",
]
