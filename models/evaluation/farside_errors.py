"""What the stated errors of a far-side network are worth, found on Suns it did not learn from.

A single factor will not do: a tenth of a percent of the pixels, in the strongest regions,
make half of the squared error, and whether a Sun has such a region is chance. So stated and
real errors are compared octave by octave of what is stated, Sun by Sun, and Suns count alike.
Refuses to know: training, and the Suns of the tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from models.data.scene import Scene
from models.evaluation.farside import TRIALS, answers, doubted, open_cpu
from models.metrics.summed import Floats
from pipeline.enhance.card import Knots
from pipeline.enhance.registry import Network

__all__ = ["curve", "found"]

OCTAVES = 10  # from 1 G; the first and the last hold what is below and above
FEWEST = 30  # pixels of a Sun in an octave, for its error to be one
SUNS = 3  # with so many of them, for an octave to be a knot


def found(network: Network, scenes: Iterable[Scene]) -> Knots:
    """What errors are, by what the *network* says of them before its card's factor and curve.

    scenes : those that it did not learn from; all trials are run on each
    """
    plain = network.card.output.model_copy(update={"sigma_scale": 1.0, "sigma_curve": ()})
    engine = open_cpu(replace(network, card=network.card.model_copy(update={"output": plain})))
    sums: dict[str, Floats] = {}
    for scene in map(doubted, scenes):
        for trial in TRIALS:
            told = answers(engine, [scene], trial)
            mean, sigma = told.means[0], told.sigmas[0]
            kept = np.isfinite(mean) & np.isfinite(scene.field)
            counted = octaves(sigma[kept], mean[kept] - scene.field[kept])
            sums[scene.region] = sums.get(scene.region, 0.0) + counted
    return curve(np.stack(list(sums.values())))


def octaves(sigma: Floats, error: Floats) -> Floats:
    """(OCTAVES, 3): number of pixels, Σ sigma² and Σ error², by octave of *sigma* [G]."""
    place = np.clip(np.log2(sigma), 0, OCTAVES - 1).astype(np.intp)
    terms = np.ones_like(sigma), np.square(sigma), np.square(error)
    return np.stack([np.bincount(place, term, OCTAVES) for term in terms], axis=1)


def curve(sums: Floats) -> Knots:
    """Stated and real errors [G] that rise together, from sums (suns, OCTAVES, 3).

    An octave's real error is the stated one times the geometric mean, over Suns, of the ratio of
    their root mean squares; where it would fall from one octave to the next, it stays.
    """
    knots: list[tuple[float, float]] = []
    for number, stated2, real2 in np.moveaxis(sums, 0, 2):
        kept = number >= FEWEST
        if kept.sum() < SUNS:
            continue
        ratio = float(np.exp(0.5 * np.mean(np.log(real2[kept] / stated2[kept]))))
        stated = float(np.sqrt(stated2[kept].sum() / number[kept].sum()))
        knots.append((stated, max(ratio * stated, knots[-1][1] if knots else 0.0)))
    return tuple(knots)
