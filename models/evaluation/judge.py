"""From a network to its tables under several trials, and a folder of pictures.

The baselines' rows are kept in the folder, since they do not depend on the network; delete
``baselines.json`` to have them computed again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.data import Scene, degrade
from models.evaluation import evaluate, regions, rivals
from models.evaluation.estimates import Method
from models.evaluation.pictures import draw_fields, draw_spectra, write_picture
from models.evaluation.report import Row, TrialTable, as_json, rows_of
from models.evaluation.trials import DENOISING, GONG, MDI, Trial, generator
from models.files import write_whole
from pipeline.core import BadRequest

__all__ = ["judge", "trials_for"]

BASELINES = "baselines.json"


def trials_for(task: str, instruments: Sequence[str], factor: int) -> tuple[Trial, ...]:
    """What a network with such a card is tried on.

    Raises
    ------
    BadRequest : there is no trial for it.
    """
    if task == "denoise":
        return DENOISING
    cameras = {"gong": GONG, "mdi": MDI}
    found = tuple(replace(cameras[name], factor=factor) for name in instruments if name in cameras)
    if task != "crosscal" or not found:
        raise BadRequest(
            f"There is no trial for {task} of {', '.join(instruments)}; there are denoise, "
            "and crosscal of gong and mdi."
        )
    return found


def judge(
    network: Method,
    trials: Sequence[Trial],
    parts: Mapping[str, Sequence[Scene]],
    folder: Path,
    *,
    on: str = "test",
    progress: Callable[[str], object] = lambda _: None,
) -> list[TrialTable]:
    """Tables of *network* and all baselines under *trials*; files of them in *folder*.

    The files are, for every trial, a picture of one region and one of the spectra.

    parts : scenes by split; baselines are tuned on those of the other splits, never on test
    on : the split judged on

    Raises
    ------
    BadRequest : the split holds no scene, or the others none to tune on.
    CannotWrite : the file system refuses.
    """
    held_out = list(parts[on])
    tuning = [s for name in ("train", "validation") if name != on for s in parts[name]]
    if not held_out or not tuning:
        raise BadRequest(f"The split {on} or the rest is empty; give scenes for both.")
    tables = []
    for trial in trials:
        rows = _rivals(trial, held_out, tuning, folder / BASELINES, progress)
        progress(f"{trial.name}: {network.name}")
        table = evaluate(network, trial, held_out, rows)
        tables.append(table)
        stem = re.sub(r"[^a-z0-9.]+", "-", trial.name.lower()).strip("-")
        write_picture(folder / f"{stem}.png", _fields(network, trial, held_out[0]))
        write_picture(folder / f"{stem}-spectra.png", draw_spectra(table))
    return tables


def _rivals(
    trial: Trial,
    held_out: Sequence[Scene],
    tuning: Sequence[Scene],
    path: Path,
    progress: Callable[[str], object],
) -> list[Row]:
    """The baselines' rows, from the file at *path* if they are there."""
    known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    key = f"{trial.name} on {', '.join(regions(held_out))} tuned on {', '.join(regions(tuning))}"
    if key in known:
        return rows_of(known[key])
    rows = rivals(trial, held_out, tuning, progress)
    known[key] = as_json(TrialTable(trial.name, regions(held_out), tuple(rows)))
    text = json.dumps(known)
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))
    return rows


def _fields(network: Method, trial: Trial, scene: Scene) -> Any:
    """Picture of truth, what the network was given, and what it made of it."""
    truth = trial.scene(scene)
    given = trial.degraded(truth, generator(scene, 1))
    assert network.predict is not None  # noqa: S101
    radius = degrade.binned(truth.radius, trial.factor)
    mean, sigma = network.predict(given, radius, trial.sigma)
    shown = {"truth": truth.field, "input": given, network.name: mean}
    return draw_fields(f"{trial.name}, {scene.region}", shown, sigma)
