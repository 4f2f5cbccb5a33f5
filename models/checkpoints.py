"""The state of a training, and the files it survives in.

Knows what goes on from one step to the next. Refuses to know what a step does.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from models import nets
from models.adversary import TERMS, Adversary
from models.files import write_whole
from models.muon import Muon
from models.recipe import Recipe
from pipeline.core import BadFile, BadRequest

LAST, BEST = "last.pt", "best.pt"


@dataclass
class State:
    """All that a training carries along; randomness depends on the step's number alone.

    net : the weights being trained
    average : their moving average, which is validated and exported
    best : smallest validation loss so far
    curves : one row per validation
    """

    net: nets.Network
    average: nets.Network
    optimiser: torch.optim.Optimizer
    adversary: Adversary | None = None
    step: int = 0
    seconds: float = 0.0
    best: float = math.inf
    curves: list[dict[str, float]] = field(default_factory=list)


def begin(recipe: Recipe, device: torch.device, weights: Path | None) -> State:
    """A new training, of random weights or those in a file.

    Raises
    ------
    BadRequest : the recipe's network cannot be built.
    BadFile : the file's weights are not of this network.
    """
    torch.manual_seed(recipe.seed)
    net = nets.build(recipe)
    if weights:
        _fill(net, weights)
    net = net.to(device, memory_format=torch.channels_last)
    plan = recipe.training
    kind = Muon if plan.optimiser == "muon" else torch.optim.AdamW
    optimiser = kind(net.parameters(), betas=plan.betas, weight_decay=plan.weight_decay)
    contested = any(term in recipe.losses.weights for term in TERMS)
    adversary = Adversary(recipe, device) if contested else None
    return State(net, copy.deepcopy(net), optimiser, adversary)


def resume(recipe: Recipe, device: torch.device, folder: Path) -> State | None:
    """The training in *folder* as it stopped; None if there is none.

    Raises
    ------
    BadRequest : it is of another recipe.
    BadFile : its checkpoint cannot be used.
    """
    path = folder / LAST
    if not path.exists():
        return None
    saved = _read(path)
    if _recipe(saved, path) != recipe:
        raise BadRequest(
            f"{folder}: holds a training of another recipe, or of {recipe.name} before it was "
            "changed; name another folder."
        )
    state = begin(recipe, device, None)
    state.net.load_state_dict(saved["net"])
    state.average.load_state_dict(saved["average"])
    state.optimiser.load_state_dict(saved["optimiser"])
    if state.adversary:
        state.adversary.load_state_dict(saved["adversary"])
    state.step, state.seconds = saved["step"], saved["seconds"]
    state.best, state.curves = saved["best"], saved["curves"]
    return state


def save(recipe: Recipe, state: State, folder: Path) -> None:
    """Everything into ``last.pt``.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    content = {
        "recipe": recipe.model_dump_json(),
        "net": state.net.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "adversary": state.adversary.state_dict() if state.adversary else None,
        "step": state.step,
        "seconds": state.seconds,
        "best": state.best,
        "curves": state.curves,
    }
    write_whole(folder / LAST, lambda path: torch.save(content, path))


def save_best(recipe: Recipe, state: State, folder: Path) -> None:
    """The averaged weights, and the recipe that made them, into ``best.pt``.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    content = {
        "recipe": recipe.model_dump_json(),
        "step": state.step,
        "average": state.average.state_dict(),
    }
    write_whole(folder / BEST, lambda path: torch.save(content, path))


def trained(path: Path) -> tuple[Recipe, nets.Network]:
    """The recipe and the network, ready to use, in a ``best.pt``.

    Raises
    ------
    BadFile : it is none.
    """
    recipe = _recipe(_read(path), path)
    net = nets.build(recipe)
    _fill(net, path)
    return recipe, net.to(memory_format=torch.channels_last).eval()


def _recipe(saved: dict[str, Any], path: Path) -> Recipe:
    try:
        return Recipe.model_validate_json(saved["recipe"])
    except ValidationError:
        raise BadFile(path, "it is of an older kind of recipe", "train anew") from None


def _fill(net: nets.Network, path: Path) -> None:
    try:
        net.load_state_dict(_read(path)["average"])
    except RuntimeError as error:
        why = str(error).splitlines()[0].rstrip(":")
        raise BadFile(path, f"its weights are not of this network ({why})", "name others") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its archive reader meets
        reason = str(error).splitlines()[0]
        raise BadFile(path, f"it is no checkpoint ({reason})", "train anew") from None
    if not isinstance(content, dict) or "average" not in content:
        raise BadFile(path, "it is no checkpoint of a training", "name a best.pt or last.pt")
    return content
