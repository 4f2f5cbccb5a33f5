"""Which figures make up a table, and when one is better than another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.metrics import KERNELS
from models.metrics.strata import WEAK
from models.metrics.summed import Sum

__all__ = ["KINDS", "Figures", "Kind", "best", "denoising", "superresolution"]

PEAK = 2.0 * WEAK  # G; MAX of the PSNR: the range of fields clipped at ±100 G (Park et al. 2020)

Figures = dict[str, Sum]


@dataclass(frozen=True, slots=True)
class Kind:
    """Unit, decimals to show, the value that a perfect estimate has, and what it is about."""

    unit: str
    places: int
    ideal: float
    about: str = ""


_WEAK = "where |B| ≤ 100 G"
KINDS: Mapping[str, Kind] = {
    "PSNR": Kind("dB", 2, math.inf, f"MAX = 200 G, {_WEAK}"),
    "NMSE": Kind("", 4, 0.0, _WEAK),
    "ρ weak": Kind("", 4, 1.0, _WEAK),
    "σ_D": Kind("G", 2, 0.0, f"of two independent frames, {_WEAK}"),
    "flux weak": Kind("%", 1, 0.0, f"unsigned, estimate over truth less 1, {_WEAK}"),
    "flux": Kind("%", 2, 0.0, "unsigned, estimate over truth less 1"),
    "flux weak, mean and σ": Kind("%", 1, 0.0, f"the same of what both promise, {_WEAK}"),
    "flux, mean and σ": Kind("%", 2, 0.0, "the same of what mean and σ promise together"),
    "slope > 100 G": Kind("", 3, 1.0),
    "RMSE > 100 G": Kind("G", 2, 0.0),
    "power 2–4 px": Kind("%", 1, 100.0, "of the truth's, at wavelengths of 2 to 4 px"),
    "coherent 2–4 px": Kind("%", 1, 100.0, "the part of it that follows the truth"),
    "power 2–4 px, quiet": Kind("%", 1, 100.0, "the same in windows without |B| > 100 G"),
    "coherent 2–4 px, quiet": Kind("%", 1, 100.0, "the part of it that follows the truth"),
    "resolves": Kind("px", 2, 2.0, "shortest wavelength with coherence of ½ or more"),
    "SSIM": Kind("", 3, 1.0, "of fields clipped at ±100 G"),
    "ρ": Kind("", 4, 1.0),
    "ρ r ≤ 2/3": Kind("", 4, 1.0),
    "ρ r ≤ .9": Kind("", 4, 1.0),
    "ρ ≥ 600 G": Kind("", 4, 1.0),
    "ρ < 600 G": Kind("", 4, 1.0),
    "ρ 8×8 px": Kind("", 4, 1.0, "of means over 8 × 8 px (Pix2PixCC family)"),
    "ρ unsigned flux": Kind("", 4, 1.0, "over blocks of 64 px (in the papers: over images)"),
    "ρ net flux": Kind("", 4, 1.0, "the same"),
    "RMSE": Kind("G", 2, 0.0),
    "RMSE active": Kind("G", 2, 0.0, "in blocks of 32 px with mean |B| above 50 G"),
    "RMSE quiet": Kind("G", 2, 0.0, "in the others"),
    "slope": Kind("", 3, 1.0),
    "net flux": Kind("G", 2, 0.0, "mean of estimate − truth"),
    "net radial flux": Kind("G", 2, 0.0, "the same of B/μ at r ≤ .9; patches are equal-area"),
    **{f"extremes {k} px": Kind("G", 1, 0.0, "mean |max B − max B̂| over kernels") for k in KERNELS},
    **{
        f"gradient {k} px": Kind("G/px", 2, 0.0, "mean, Sobel, of the averaged difference")
        for k in KERNELS
    },
    "CRPS": Kind("G", 3, 0.0),
    "spread/skill": Kind("", 3, 1.0),
    "68 %": Kind("%", 1, 68.0, "of errors inside this interval"),
    "95 %": Kind("%", 1, 95.0, "of errors inside this interval"),
}


def denoising(total: Mapping[str, Any]) -> Figures:
    """Of a :class:`~models.evaluation.tally.Tally`'s sums: what a denoiser is judged by."""
    few, above, spectra = total["weak"], total["> 100 G"], total["spectra"]
    return {
        "PSNR": few.psnr(PEAK),
        "NMSE": few.nmse,
        "ρ weak": few.correlation,
        "σ_D": total["repeat"].scatter / math.sqrt(2.0),
        "flux weak": 100.0 * few.unsigned_flux_error,
        "flux": 100.0 * total["all"].unsigned_flux_error,
        "slope > 100 G": above.slope,
        "RMSE > 100 G": above.rmse,
        "power 2–4 px": 100.0 * spectra.fine_power,
        "coherent 2–4 px": 100.0 * spectra.fine_coherent_power,
        "power 2–4 px, quiet": 100.0 * total["quiet spectra"].fine_power,
        "coherent 2–4 px, quiet": 100.0 * total["quiet spectra"].fine_coherent_power,
        "resolves": spectra.resolution,
        "SSIM": total["ssim"].mean,
        "net flux": total["all"].bias,
        **_calibration(total),
        **_promised(total, "told weak", "flux weak, mean and σ"),
    }


def superresolution(total: Mapping[str, Any]) -> Figures:
    """Of a :class:`~models.evaluation.tally.Tally`'s sums: what a super-resolver is judged by."""
    every, spectra = total["all"], total["spectra"]
    return {
        "ρ": every.correlation,
        **{f"ρ {n}": total[n].correlation for n in ("r ≤ 2/3", "r ≤ .9", "≥ 600 G", "< 600 G")},
        "ρ 8×8 px": total["binned"].correlation,
        "ρ unsigned flux": total["unsigned flux"].correlation,
        "ρ net flux": total["net flux"].correlation,
        "RMSE": every.rmse,
        "RMSE active": total["active"].rmse,
        "RMSE quiet": total["quiet"].rmse,
        "slope": every.slope,
        "net flux": every.bias,
        "net radial flux": total["radial"].mean,
        "flux": 100.0 * every.unsigned_flux_error,
        **{f"extremes {k} px": total[f"extremes {k}"].mean for k in KERNELS},
        **{f"gradient {k} px": total[f"gradient {k}"].mean for k in KERNELS},
        "resolves": spectra.resolution,
        "SSIM": total["ssim"].mean,
        **_calibration(total),
    }


def best(values: Mapping[str, float], figure: str) -> str | None:
    """Of named values of a figure, the name of the nearest to the ideal; None of no numbers."""
    ideal = KINDS[figure].ideal
    known = {name: value for name, value in values.items() if math.isfinite(value)}
    if not known:
        return None
    if math.isinf(ideal):
        return max(known, key=known.__getitem__)
    return min(known, key=lambda name: abs(known[name] - ideal))


def _calibration(total: Mapping[str, Any]) -> Figures:
    if "sigma" not in total:
        return {}
    claim = total["sigma"]
    return {
        **_promised(total, "told", "flux, mean and σ"),
        "CRPS": claim.crps,
        "spread/skill": claim.spread_skill,
        "68 %": 100.0 * claim.coverage_68,
        "95 %": 100.0 * claim.coverage_95,
    }


def _promised(total: Mapping[str, Any], part: str, figure: str) -> Figures:
    """The unsigned flux that mean and stated error promise together, against the truth's."""
    return {figure: 100.0 * total[part].unsigned_flux_error} if part in total else {}
