"""Judging a network and its rivals on the same held-out fields, in one table.

Where do I find …
    fields made worse in a known way?              ``trials``
    how a network or a filter is asked?            ``estimates``
    what is summed, and which figures follow?      ``tally``, ``figures``
    how far a figure can be trusted?               ``bootstrap``
    the table and the pictures?                    ``report``, ``pictures``
    noise of full disks at centre and limb?        ``full_disk``
    all of it for one network, into a folder?      ``judge``
    far sides, on simulated Suns?                  ``farside``
        … on the one real pair of AIA and HMI?     ``real_pair``
        … and what their stated errors are worth?  ``farside_errors``

Refuses to know: how networks are trained or run in operation, and where weights lie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from models.baselines import Pair, denoisers, superresolvers
from models.data import Scene
from models.evaluation import figures
from models.evaluation.bootstrap import intervals
from models.evaluation.estimates import Method, of_baseline
from models.evaluation.report import Row, TrialTable
from models.evaluation.trials import Noise, Trial, examine, tuning_pairs

__all__ = ["baselines", "evaluate", "regions", "rivals", "row"]

TUNED_ON = (128, 192)  # px of every scene, twice; block matching is slow

Progress = Callable[[str], object]


def baselines(trial: Trial, scenes: Sequence[Scene]) -> list[Method]:
    """Every classical rival, tuned to *trial* on *scenes*, which must not be of a test split."""
    pairs = tuning_pairs(scenes, trial)
    if isinstance(trial, Noise):
        pieces = [piece for pair in pairs for piece in _pieces(pair)]
        return [of_baseline(b) for b in denoisers(pieces, trial.sigma, trial.kernel)]
    return [of_baseline(b) for b in superresolvers(pairs, trial.factor, trial.scale)]


def rivals(
    trial: Trial,
    held_out: Sequence[Scene],
    tuning: Sequence[Scene],
    progress: Progress = lambda _: None,
) -> list[Row]:
    """Every baseline's row; they take minutes, and serve for any number of networks.

    held_out : what they are judged on
    tuning : what they are tuned on: the training and validation scenes
    progress : told what is being computed
    """
    progress(f"{trial.name}: tuning baselines")
    rows = []
    for method in baselines(trial, tuning):
        progress(f"{trial.name}: {method.name}")
        rows.append(row(method, trial, held_out))
    return rows


def evaluate(
    network: Method, trial: Trial, held_out: Sequence[Scene], rows: Sequence[Row]
) -> TrialTable:
    """The *network* under *trial*, before the *rows* that :func:`rivals` gave there."""
    return TrialTable(
        trial=trial.name,
        regions=regions(held_out),
        rows=(row(network, trial, held_out), *rows),
        network=network.name,
    )


def row(method: Method, trial: Trial, held_out: Sequence[Scene]) -> Row:
    """One method's figures with their intervals; none if it cannot run."""
    tally = examine(held_out, trial, method)
    if tally is None:
        return Row(method.name, method.remark)
    of = figures.denoising if isinstance(trial, Noise) else figures.superresolution
    total: Any = tally.total
    found = intervals(tally, of)
    return Row(
        name=method.name,
        remark=method.remark,
        values={name: float(np.asarray(value)) for name, value in of(total).items()},
        blocks=found["blocks"],
        regions=found["regions"],
        coherence=total["spectra"].coherence.tolist(),
        transfer=total["spectra"].transfer.tolist(),
    )


def regions(scenes: Sequence[Scene]) -> tuple[str, ...]:
    """Names of the regions, in their order."""
    return tuple(dict.fromkeys(scene.region for scene in scenes))


def _pieces(pair: Pair) -> list[Pair]:
    """As much of a pair as it takes to tune a filter: its middle, mostly active, and a corner."""
    shape = pair.truth.shape
    middle = [max(0, (n - side) // 2) for n, side in zip(shape, TUNED_ON, strict=True)]
    places = [
        tuple(slice(low, low + side) for low, side in zip(corner, TUNED_ON, strict=True))
        for corner in (middle, (0, 0))
    ]
    return [Pair(pair.degraded[place], pair.truth[place]) for place in places]
