"""What pictures of STEREO-A do to the map of a simulated Sun, over several Suns.

    python ops/farside_map.py SEED...

A Sun of the end of 2026, STEREO-A 73° ahead, is seen once a day from the Earth, with the errors
that the surface expects of a look, and by EUVI at 195 and 304 Å under relations drawn as in
training. After four weeks the map with the pictures, which the shipped network reads with the
map's help as in a cycle, and the map without them are held against the truth, three times in six
days. Mean over Suns and its standard error, and the same of the difference, Sun by Sun. Two
minutes of processor time a Sun.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from ensemble_skill import GRID, looked_at
from numpy.typing import NDArray

from models.data import farside as suns
from pipeline import surface
from pipeline.acts import farside
from pipeline.core import GlobalMap, InputFile, Observation, Quantity, SolarImage
from pipeline.enhance import WEIGHTS, Engine, Runtime, find
from pipeline.scores.maps import ANY, MapScore, score_map
from pipeline.simulator import euv, orbits
from pipeline.simulator.corona import open_field
from pipeline.simulator.sun import Moment, simulate

START, DAY = datetime(2026, 10, 20, tzinfo=UTC), timedelta(days=1)
JUDGED = (28, 31, 34)  # days after the start
BEACON = (193, 304)  # Å
NOISE = 0.03  # of a pixel's brightness
SECTORS = ("stereo", "near", "unseen", "poles", "whole")
FIGURES = (
    "r 1°", "r 4°", "RMSE 2°, G", "|flux error|", "sign", "hits", "misses", "false", "σ/err"
)  # fmt: skip

Floats = NDArray[np.float64]


def main(*seeds: str) -> None:
    """Print a table for every sector."""
    engine = Runtime(("cpu",)).open(find(WEIGHTS, "euv-to-mag"))
    each = np.array([both(int(seed), engine) for seed in seeds])
    for n, sector in enumerate(SECTORS):  # each: (seeds, without and with, sectors, figures)
        print(f"\n{sector}, {len(seeds)} Suns")
        print(f"{'':14s}{'without':>16s}{'with':>16s}{'with - without':>18s}")
        for m, figure in enumerate(FIGURES):
            without, given = each[:, 0, n, m], each[:, 1, n, m]
            columns = stated(without), stated(given), stated(given - without, "+")
            print(f"{figure:14s}{columns[0]:>16s}{columns[1]:>16s}{columns[2]:>18s}")


def stated(values: Floats, sign: str = "") -> str:
    """Mean and standard error."""
    known = values[np.isfinite(values)]
    if known.size < 2:
        return "–"
    return f"{known.mean():{sign}.3f} ± {known.std(ddof=1) / np.sqrt(known.size):.3f}"


def both(seed: int, engine: Engine) -> Floats:
    """The figures of the maps of one Sun, (without and with pictures, sectors, figures)."""
    rng = np.random.default_rng(seed)
    drawn = suns.relations("drawn", rng)
    without = given = surface.blank(START, GRID)
    found = []
    hours = 24 * (JUDGED[-1] + 1)
    for day, moment in enumerate(simulate(START, hours, seed, suns.GRID, every=24)):
        br = moment.grid.block_mean(moment.br, GRID)
        layer = looked_at(replace(moment, grid=GRID, br=br), 1000 * seed + day)
        without = surface.constrain_poles(surface.analyse(without, layer), 1.0)
        given = surface.constrain_poles(surface.analyse(given, layer), 1.0)
        pictures = [picture(moment, drawn[line], seed, rng) for line in BEACON]
        given = surface.analyse(given, told(pictures, given, engine))
        if day in JUDGED:
            found.append([scored(surface.balance(map_), br) for map_ in (without, given)])
            print(f"Sun {seed}, day {day}", file=sys.stderr, flush=True)
    return np.mean(found, axis=0)


def picture(
    moment: Moment, relation: euv.Relation, seed: int, rng: np.random.Generator
) -> SolarImage:
    """What STEREO-A's camera records, in the pixels of the network."""
    observer, line = orbits.stereo_a(moment.time), relation.wavelength
    disk, shape = suns.frame(observer), (suns.SIDE, suns.SIDE)
    bright = euv.intensity(moment, open_field(moment), relation, seed)
    data = euv.image(bright, moment.grid, relation, disk, shape)
    data *= 1.0 + NOISE * rng.standard_normal(shape, np.float32)
    file = InputFile(Path(f"euvi-{line}.fts"), "", "")
    observation = Observation(
        "euvi-a", Quantity.INTENSITY, moment.time, observer, file, wavelength=line
    )
    return SolarImage(data, np.ones(shape, bool), "DN/s", disk, observation)


def told(pictures: list[SolarImage], map_: GlobalMap, engine: Engine) -> surface.Layer:
    """What the pictures tell, beside what the map knew."""
    return surface.observe(farside.magnetogram(pictures, map_, [engine], []), GRID)


def scored(map_: GlobalMap, truth: Floats) -> Floats:
    """The figures of a map, (sectors, figures)."""
    scores: Mapping[str, MapScore] = {
        score.sector: score for score in score_map(map_, truth) if score.source == ANY
    }
    return np.array([figures(scores[sector]) for sector in SECTORS])


def figures(score: MapScore) -> list[float]:
    """In the order of FIGURES."""
    return [
        score.correlation[1],
        score.correlation[4],
        score.rmse[2],
        abs(score.unsigned_flux_ratio - 1.0),
        score.polarity_agreement,
        score.hits,
        score.misses,
        score.false_alarms,
        score.spread_skill,
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
