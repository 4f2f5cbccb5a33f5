"""The one training loop: batches in, weights out, for every recipe.

Knows optimisation and how a stopped training goes on exactly: every step depends on its
number alone, besides the state. Refuses to know where batches come from.

    recipe = read(find("hmi-denoise"))
    train(recipe, drawing(recipe, scenes), drawing(recipe, others), Path("runs/a"))
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from models import checkpoints, losses
from models.batches import Batches, Draw, Tensors, held_out, placed
from models.checkpoints import State
from models.processes import Processes, processes
from models.recipe import Recipe
from models.records import Records
from models.validation import estimate, validate
from pipeline.core import AllsunError

Track = Callable[[Iterable[Any], int, int], Iterable[Any]]
"""Wraps the batches, told how many steps are done and how many there are, to show progress."""


Keep = Callable[[State, dict[str, float]], None]


class Diverged(AllsunError):
    """Training left the numbers behind."""


def train(
    recipe: Recipe,
    draw: Draw,
    draw_held_out: Draw,
    folder: Path,
    *,
    weights: Path | None = None,
    until: int | None = None,
    minutes: float = math.inf,
    workers: int | None = None,
    track: Track = lambda batches, _done, _steps: batches,
) -> Path:
    """Train, or go on training, in *folder*; return the file of the best weights so far.

    The folder then holds ``last.pt`` (to go on from), ``best.pt`` (the averaged weights of
    the smallest validation loss), ``curves.csv``, events for TensorBoard, and ``pictures/``.
    Several processes started by ``torchrun`` train together, a GPU each.

    weights : a ``best.pt`` of the same network that a new training begins with
    until : stop after this step
    minutes : stop at the first checkpoint after so many; asked again, it goes on
    workers : further processes that prepare batches; by default one per core beside a GPU

    Raises
    ------
    BadRequest : the folder holds a training of another recipe, or the batch cannot be shared.
    BadFile : a checkpoint or *weights* cannot be used.
    Diverged : the loss is no number any more.
    """
    with processes() as here:
        state = checkpoints.resume(recipe, here.device, folder)
        state = state or checkpoints.begin(recipe, here.device, weights)
        steps = recipe.training.steps
        loader = DataLoader(
            Batches(recipe, draw, here.rank, here.count),
            sampler=range(state.step, min(until or steps, steps)),
            batch_size=None,
            num_workers=here.workers if workers is None else workers,
            pin_memory=here.device.type == "cuda",
        )
        if not here.first:
            _loop(recipe, state, loader, here, minutes, _nothing)
        else:
            with closing(Records(folder, state.step)) as records:
                batches = held_out(recipe, draw_held_out)
                keep = _keeper(recipe, batches, folder, records, here.device)
                _loop(recipe, state, track(loader, state.step, steps), here, minutes, keep)
    return folder / checkpoints.BEST


def _nothing(_state: State, _row: dict[str, float]) -> None:
    """What all processes but the first keep."""


def _keeper(
    recipe: Recipe, batches: list[Tensors], folder: Path, records: Records, device: torch.device
) -> Keep:
    """Validates, and writes down state, curves and pictures."""

    def keep(state: State, row: dict[str, float]) -> None:
        scores, images = validate(recipe, state.average, batches, device)
        state.curves.append(row | scores | {"seconds": round(state.seconds, 1)})
        if scores["validation"] < state.best:
            state.best = scores["validation"]
            checkpoints.save_best(recipe, state, folder)
        records.write(state.curves, images)
        checkpoints.save(recipe, state, folder)

    return keep


def _loop(
    recipe: Recipe,
    state: State,
    batches: Iterable[Any],
    here: Processes,
    minutes: float,
    keep: Keep,
) -> None:
    """Step through *batches*; every so often, and at the end, *keep* what there is."""
    net = here.shared(state.net)
    if state.adversary:
        state.adversary.share(here)
    sums: dict[str, Tensor] = {}
    count, before, began = 0, state.seconds, time.monotonic()

    def pause() -> bool:
        """Keep what there is; whether the time is over."""
        nonlocal sums, count
        row = {name: float(here.average(value)) / count for name, value in sums.items()}
        if not math.isfinite(row["loss"]):
            raise Diverged(
                f"The loss of {recipe.name} is no number at step {state.step}; lower "
                "training.rate and train in another folder."
            )
        state.seconds = before + time.monotonic() - began
        keep(state, {"step": state.step, "rate": rate(recipe, state.step - 1)} | row)
        sums, count = {}, 0
        over = torch.tensor(float(time.monotonic() - began > 60 * minutes), device=here.device)
        return bool(here.average(over) > 0)  # any process's watch stops them all

    for batch in batches:
        torch.manual_seed(_mixed(recipe.seed, state.step, here.rank))
        found = _step(recipe, net, state, placed(batch, here.device))
        state.step += 1
        count += 1
        sums = {name: value + sums.get(name, 0.0) for name, value in found.items()}
        if state.step % recipe.training.every == 0 and pause():
            return
    if count:
        pause()


def _step(recipe: Recipe, net: nn.Module, state: State, batch: Tensors) -> dict[str, Tensor]:
    """Update the weights and their average; return the terms of the loss before that."""
    plan, weights, (x, target, valid) = recipe.training, recipe.losses.weights, batch
    answer = estimate(recipe, net, x)
    found = losses.terms(recipe.losses, answer.mean, answer.log_variance, target, valid)
    if state.adversary:
        found |= state.adversary.terms(x, answer.mean, target, valid)
    loss = torch.stack([weights[name] * value for name, value in found.items()]).sum()
    for group in state.optimiser.param_groups:
        group["lr"] = rate(recipe, state.step)
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), plan.clip)
    state.optimiser.step()
    if state.adversary:
        lost = state.adversary.learn(x, answer.mean, target, valid, rate(recipe, state.step))
        found["adversary"] = lost
    # A young average forgets faster, or the first weights would linger.
    decay = min(plan.ema, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        pairs = zip(state.average.parameters(), state.net.parameters(), strict=True)
        for averaged, newest in pairs:
            averaged.lerp_(newest, 1 - decay)
    return {"loss": loss.detach()} | {name: value.detach() for name, value in found.items()}


def rate(recipe: Recipe, step: int) -> float:
    """Learning rate at *step*: a linear warm-up, then a cosine to 0 (Loshchilov & Hutter 2017)."""
    plan = recipe.training
    if step < plan.warm_up:
        return plan.rate * (step + 1) / plan.warm_up
    way = (step - plan.warm_up) / max(1, plan.steps - plan.warm_up)
    return plan.rate * 0.5 * (1 + math.cos(math.pi * way))


def _mixed(*numbers: int) -> int:
    """One seed from several."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
