"""What the stated errors of a far-side network are worth, found on Suns it did not learn from.

A tenth of a percent of the pixels, in the strongest regions, make half of the squared error, and
whether a Sun has such a region is chance: Suns differ by a factor of two. So stated and real
errors are compared Sun by Sun, and Suns count alike.
Refuses to know: training, and the Suns of the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from models.data.scene import Scene
from models.evaluation.farside import TRIALS, answers, doubted, open_cpu
from models.metrics import Calibration
from pipeline.enhance.registry import Network

__all__ = ["factor", "typical"]

Place = tuple[str, str]
"""A Sun, and what was told of it."""


def factor(network: Network, scenes: Iterable[Scene]) -> float:
    """What to multiply the standard errors with that the *network*'s graph states.

    scenes : those that it did not learn from; all trials are run on each
    """
    plain = network.card.output.model_copy(update={"sigma_scale": 1.0})
    engine = open_cpu(replace(network, card=network.card.model_copy(update={"output": plain})))
    found: dict[Place, Calibration] = {}
    for scene in map(doubted, scenes):
        for trial in TRIALS:
            told, place = answers(engine, [scene], trial), (scene.region, trial.name)
            each = Calibration.of(told.means[0], told.sigmas[0], scene.field)
            found[place] = found[place] + each if place in found else each
    return typical(found)


def typical(found: Mapping[Place, Calibration]) -> float:
    """Geometric mean over places of the real error by the stated one, root mean squares both."""
    return float(np.exp(-np.mean([np.log(each.spread_skill) for each in found.values()])))
