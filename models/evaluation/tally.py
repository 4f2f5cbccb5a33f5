"""Everything that is summed of one estimate, block by block.

A region is cut into blocks of about 64 px, a scale beyond that of the fields' correlation
and of the receptive fields, so that blocks may be drawn anew by a bootstrap. Kernels and
windows belong to the block of their middle. Fields in gauss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from models.metrics import (
    KERNELS,
    Average,
    Calibration,
    Moments,
    Spectra,
    Summed,
    active,
    binned,
    cosine,
    extreme_cells,
    folded,
    gradient_cells,
    ssim_map,
    strata,
    weak,
)
from models.metrics.flux import BIN
from models.metrics.strata import WEAK
from models.metrics.summed import Floats, Labels, Sum

__all__ = ["Tally", "tally"]

BLOCK = 64  # px
INNER = 0.9  # solar radii; beyond, B/μ is mostly noise (Muñoz-Jaramillo et al. 2024)


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums by block, by name; *regions* says how many blocks each region has."""

    parts: Mapping[str, Summed]
    regions: tuple[int, ...]

    @property
    def total(self) -> Mapping[str, Any]:
        """Of all blocks of all regions."""
        return {name: part.total for name, part in self.parts.items()}

    def weighted(self, weights: Sum) -> Mapping[str, Any]:
        """Of blocks counted with *weights* (samples, blocks)."""
        return {name: part.weighted(weights) for name, part in self.parts.items()}

    @classmethod
    def joined(cls, tallies: Sequence[Tally]) -> Tally:
        """Of one region after another."""
        names = tallies[0].parts
        return cls(
            parts={n: type(names[n]).joined([t.parts[n] for t in tallies]) for n in names},
            regions=tuple(count for t in tallies for count in t.regions),
        )


def blocks(shape: tuple[int, ...]) -> tuple[Labels, int]:
    """A label for every pixel, and how many: blocks as near to 64 px a side as fit evenly."""
    ny, nx = (max(1, round(length / BLOCK)) for length in shape)
    rows, columns = (np.arange(s) * n // s for s, n in zip(shape, (ny, nx), strict=True))
    return np.asarray(rows[:, None] * nx + columns[None, :], np.intp), ny * nx


def tally(
    truth: Floats,
    radius: Floats,
    estimates: Sequence[Floats],
    sigma: Floats | None = None,
) -> Tally:
    """Sums of the estimates of one scene from independent inputs; *sigma* is of the first.

    All arrays are (H, W). Spectra, kernels and sigma are of the first estimate; pixel
    figures are of all; two or more give the repeatability.
    """
    labels, count = blocks(truth.shape)
    first = estimates[0]
    lively, measured = active(truth), np.isfinite(truth)
    masks = {
        **strata(truth, radius),
        "weak": weak(truth),
        "> 100 G": np.abs(truth) > WEAK,
        "active": lively,
        "quiet": measured & ~lively,
    }
    parts: dict[str, Summed] = {}
    for name, mask in masks.items():
        each = (Moments.by_label(e, truth, labels, count, mask) for e in estimates)
        parts[name] = reduce(add, each)
    if len(estimates) > 1:
        parts["repeat"] = Moments.by_label(first, estimates[1], labels, count, masks["weak"])
    radial = np.where(radius <= INNER, (first - truth) / cosine(radius), np.nan)
    parts["radial"] = Average.by_label(radial, labels, count)
    coarse = _of_cells(labels, BIN)
    parts["binned"] = Moments.by_label(binned(first, measured), binned(truth), coarse, count)
    parts |= _fluxes(Moments.by_label(first, truth, labels, count))
    parts["spectra"] = Spectra.by_label(first, truth, labels, count)
    parts["quiet spectra"] = Spectra.by_label(first, truth, labels, count, masks["weak"])
    parts["ssim"] = Average.by_label(ssim_map(first, truth, WEAK), labels, count)
    for kernel in KERNELS:
        of = _of_cells(labels, kernel)
        parts[f"extremes {kernel}"] = Average.by_label(
            extreme_cells(first, truth, kernel), of, count
        )
        parts[f"gradient {kernel}"] = Average.by_label(
            gradient_cells(first, truth, kernel), of, count
        )
    if sigma is not None:
        parts["sigma"] = Calibration.by_label(first, sigma, truth, labels, count)
        sizes = folded(first, sigma)
        parts["told"] = Moments.by_label(sizes, truth, labels, count)
        parts["told weak"] = Moments.by_label(sizes, truth, labels, count, masks["weak"])
    return Tally(parts, (count,))


def _fluxes(whole: Moments) -> dict[str, Summed]:
    """Flux of every block against its true flux, unsigned and net, as of images in a series."""
    each = np.arange(len(whole.n))
    return {
        "unsigned flux": Moments.by_label(whole.abs_e, whole.abs_t, each, len(each)),
        "net flux": Moments.by_label(whole.e, whole.t, each, len(each)),
    }


def _of_cells(labels: Labels, kernel: int) -> Labels:
    """Label of the middle of every kernel."""
    ny, nx = (length // kernel for length in labels.shape)
    middle = labels[kernel // 2 :: kernel, kernel // 2 :: kernel]
    return middle[:ny, :nx]
