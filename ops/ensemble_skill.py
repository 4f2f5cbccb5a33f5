"""The ensemble on a Sun whose flow it does not know, beside its members and plain blending.

    python ops/ensemble_skill.py [DAYS]

A simulated Sun is seen once a day from the Earth, with noise and, towards the limb, the error
that frames of the real Sun were measured to have. After thirty days of spin-up every map is held
against the truth, by part of the Sun and by what its cells rest on: correlation at 4°, unsigned
flux, claimed error over true error, and the share of cells within two sigma; last the best
member's correlation and plain blending's.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.ndimage import map_coordinates

from pipeline.core import (
    CarringtonGrid,
    GlobalMap,
    InputFile,
    Observation,
    Observer,
    Quantity,
    Source,
    earth,
)
from pipeline.scores import fields
from pipeline.scores.returning import Blended
from pipeline.scores.sectors import SECTORS
from pipeline.simulator.sun import Moment, simulate
from pipeline.surface import Flow, Layer, analyse, blank, constrain_poles, with_members
from pipeline.surface.assimilation import BELIEVED
from pipeline.surface.ensemble import doubts
from pipeline.surface.transport import blur
from pipeline.surface.uncertainty import strength, view_variance

Floats = NDArray[np.float64]
Cells = NDArray[np.bool_]

GRID = CarringtonGrid(360, 180)
START = datetime(2014, 1, 1, tzinfo=UTC)
SPIN_UP, MEMBERS, FWHM = 30, 12, 4.0
NOISE = 3.0  # G at disk centre
# Features appear nearer to disk centre by so many deg times the tangent of the angle (as far as
# that was measured, 75°), and besides a look errs at random, by so much of the strength times the
# tangent: both together are about what frames of 2014 err by.
DISPLACED, RANDOM, MEASURED = 0.3, 0.4, 0.25


def looked_at(moment: Moment, day: int) -> Layer:
    """The truth with an error, where the Earth sees it; believed as the surface believes it."""
    observer, br = earth(moment.time), moment.br.astype(np.float64)
    mu = observer.mu(*GRID.mesh())
    seen = mu > 0.1
    mu = mu.clip(min=0.1)
    # A look errs as the day before: the pattern moves on slowly.
    slant = strength(np.where(seen, br, np.nan), GRID) * np.sqrt(1.0 / mu**2 - 1.0)
    error = RANDOM * slant * doubts(GRID, 2, day // 3)[0]
    error += NOISE / mu * np.random.default_rng(day).normal(size=GRID.shape)
    br = np.where(seen, displaced(br, observer) + error, np.nan)
    sigma = np.sqrt((NOISE / mu) ** 2 + view_variance(mu, strength(br, GRID, NOISE / mu)))
    best = observer.mu(np.full(GRID.nlat, observer.carrington_longitude), GRID.lat)
    leaving = np.sin(np.radians(GRID.lon - observer.carrington_longitude)) > 0.0
    sigma = np.where(leaving & (mu < BELIEVED * best[:, np.newaxis]), np.inf, sigma)
    observation = Observation(
        "hmi", Quantity.B_LOS, moment.time, observer, InputFile(Path("hmi.fits"), "", "")
    )
    return Layer(br, np.where(seen, sigma, np.nan), observation, NOISE / mu)


def displaced(br: Floats, observer: Observer) -> Floats:
    """*br* (nlat, nlon) with every feature drawn towards disk centre."""
    lon, lat = np.radians(GRID.mesh())
    lon0, lat0 = np.radians([observer.carrington_longitude, observer.latitude])
    place = np.stack(
        [np.cos(lat) * np.cos(lon - lon0), np.cos(lat) * np.sin(lon - lon0), np.sin(lat)]
    )
    centre = np.array([np.cos(lat0), 0.0, np.sin(lat0)])[:, np.newaxis, np.newaxis]
    cosine = (place * centre).sum(axis=0).clip(-1.0, 1.0)
    sine = np.sqrt(1.0 - cosine**2).clip(min=1e-6)
    outward = (place * cosine - centre) / sine
    way = np.radians(DISPLACED) * sine / cosine.clip(min=MEASURED)
    x, y, z = place * np.cos(way) + outward * np.sin(way)
    column, row = GRID.geometry.pixel(
        np.degrees(np.arctan2(y, x) + lon0) % 360.0, np.degrees(np.arcsin(z.clip(-1.0, 1.0)))
    )
    wrapped = np.pad(br, ((1, 1), (0, 0)), mode="edge")
    wrapped = np.pad(wrapped, ((0, 0), (1, 1)), mode="wrap")
    return np.asarray(map_coordinates(wrapped, [row + 1.0, column + 1.0], order=1))


def parts(state: GlobalMap) -> Iterator[tuple[str, Cells]]:
    """Sectors, and what cells rest on, by name."""
    meridian = earth(state.time).carrington_longitude
    for sector in SECTORS:
        yield sector.name, sector.cells(GRID, meridian)
    for source in Source:
        yield f"source {source.name.lower()}", state.source == source


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
        for name, cells in parts(state):
            if not cells.any():
                continue
            error, sigma = (state.br - moment.br)[cells], state.sigma[cells]
            figures[name].append(
                [
                    fields.correlation(ours[cells], truth[cells]),
                    fields.unsigned_flux_ratio(ours[cells], truth[cells]),
                    fields.spread_skill(error, sigma),
                    fields.coverage(error, sigma, 2.0),
                    *(fields.correlation(one[cells], truth[cells]) for one in (blended, *each)),
                ]
            )
    table = Table("part", "r 4°", "flux", "σ/err", "2σ", "best member", "blending")
    for name, daily in figures.items():
        r, flux, spread, within, blended, *each = np.nanmean(daily, axis=0)
        row = (r, flux, spread, within, max(each), blended)
        table.add_row(name, *(f"{figure:.3f}" for figure in row))
    Console().print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
