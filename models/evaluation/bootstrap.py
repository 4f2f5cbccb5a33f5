"""How far a figure of few regions can be trusted.

With two or three regions a bootstrap over regions alone can only repeat them, so two
intervals are given: *blocks* resamples the blocks of about 64 px inside each region, for
the regions as they are (measurement error); *regions* resamples regions with replacement
and then blocks inside those drawn (Davison & Hinkley 1997, §3.8), an idea, too narrow for few
regions, of what other regions would give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from models.evaluation.figures import Figures
from models.evaluation.tally import Tally
from models.metrics.summed import Sum

__all__ = ["intervals"]

SAMPLES = 1000
LEVEL = 0.95


def intervals(
    tally: Tally, figures: Callable[[Mapping[str, Any]], Figures]
) -> dict[str, dict[str, tuple[float, float]]]:
    """Central 95 % intervals of every figure, under ``blocks`` and ``regions``."""
    rng = np.random.default_rng(0)
    draws = {"blocks": _blocks(tally.regions, rng), "regions": _regions(tally.regions, rng)}
    found = {}
    for name, weights in draws.items():
        values = figures(tally.weighted(weights))
        found[name] = {figure: _central(value) for figure, value in values.items()}
    return found


def _central(values: Sum) -> tuple[float, float]:
    """Central 95 % of what is a number; NaN if nothing is."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.quantile(known, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return float(low), float(high)


def _blocks(regions: tuple[int, ...], rng: np.random.Generator) -> Sum:
    """How often each block is drawn, (samples, blocks), every region as often as it is."""
    return np.hstack([_draws(n, np.full(SAMPLES, n), rng) for n in regions])


def _regions(regions: tuple[int, ...], rng: np.random.Generator) -> Sum:
    """The same after the regions themselves were drawn."""
    times = _draws(len(regions), np.full(SAMPLES, len(regions)), rng)
    return np.hstack(
        [_draws(n, (n * times[:, i]).astype(np.intp), rng) for i, n in enumerate(regions)]
    )


def _draws(kinds: int, number: Sum, rng: np.random.Generator) -> Sum:
    """Multinomial counts (samples, kinds) of *number* draws (samples,)."""
    return rng.multinomial(np.asarray(number, np.intp), np.full(kinds, 1.0 / kinds)).astype(float)
