"""The ensemble on a Sun whose flow it does not know, beside its members and plain blending.

    python ops/ensemble_skill.py [DAYS]

A simulated Sun is seen once a day from the Earth, with noise and, towards the limb, the error
that the surface expects of a look. After thirty days of spin-up every map is held against the
truth, by part of the Sun: correlation at 4°, unsigned flux, claimed error over true error, and
the share of cells within two sigma; last the best member's correlation and plain blending's.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline.core import CarringtonGrid, InputFile, Observation, Quantity, earth
from pipeline.scores import fields
from pipeline.scores.returning import Blended
from pipeline.scores.sectors import SECTORS
from pipeline.simulator.sun import Moment, simulate
from pipeline.surface import Flow, Layer, analyse, blank, constrain_poles, with_members
from pipeline.surface.ensemble import doubts
from pipeline.surface.transport import blur
from pipeline.surface.uncertainty import strength, view_variance

GRID = CarringtonGrid(360, 180)
START = datetime(2014, 1, 1, tzinfo=UTC)
SPIN_UP, MEMBERS, FWHM = 30, 12, 4.0
NOISE = 3.0  # G at disk centre


def looked_at(moment: Moment, day: int) -> Layer:
    """The truth with an error, where the Earth sees it."""
    observer, br = earth(moment.time), moment.br.astype(np.float64)
    mu = observer.mu(*GRID.mesh())
    seen = mu > 0.1
    mu = mu.clip(min=0.1)
    view = np.sqrt(view_variance(mu, strength(np.where(seen, br, np.nan), GRID)))
    # A look errs as the day before: the pattern moves on slowly.
    error = view * doubts(GRID, 2, day // 3)[0]
    error += NOISE / mu * np.random.default_rng(day).normal(size=GRID.shape)
    sigma = np.hypot(NOISE / mu, view)
    observation = Observation(
        "hmi", Quantity.B_LOS, moment.time, observer, InputFile(Path("hmi.fits"), "", "")
    )
    br = np.where(seen, br + error, np.nan)
    return Layer(br, np.where(seen, sigma, np.nan), observation, NOISE / mu)


def main(days: int) -> None:
    """Print the table."""
    state = with_members(blank(START, GRID), MEMBERS)
    plain = Blended(state.br, START, Flow())
    figures: dict[str, list[list[float]]] = defaultdict(list)
    hours = 24 * (SPIN_UP + days)
    for day, moment in enumerate(simulate(START, hours, seed=7, grid=GRID, every=24)):
        layer = looked_at(moment, day)
        state, plain = constrain_poles(analyse(state, layer), 1.0), plain.blended(layer, GRID)
        if day < SPIN_UP:
            continue
        assert state.members is not None  # noqa: S101
        maps = np.stack([moment.br, state.br, plain.br, *state.members])
        truth, ours, blended, *each = blur(maps, GRID, FWHM)
        for sector in SECTORS:
            cells = sector.cells(GRID, earth(moment.time).carrington_longitude)
            error, sigma = (state.br - moment.br)[cells], state.sigma[cells]
            figures[sector.name].append(
                [
                    fields.correlation(ours[cells], truth[cells]),
                    fields.unsigned_flux_ratio(ours[cells], truth[cells]),
                    fields.spread_skill(error, sigma),
                    fields.coverage(error, sigma, 2.0),
                    *(fields.correlation(one[cells], truth[cells]) for one in (blended, *each)),
                ]
            )
    table = Table("sector", "r 4°", "flux", "σ/err", "2σ", "best member", "blending")
    for name, daily in figures.items():
        r, flux, spread, within, blended, *each = np.mean(daily, axis=0)
        row = (r, flux, spread, within, max(each), blended)
        table.add_row(name, *(f"{figure:.3f}" for figure in row))
    Console().print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
