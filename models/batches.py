"""From scenes to tensors: what a recipe wants drawn, step by step.

Knows how a recipe's words become a task of :mod:`models.data`, and how several processes
share a batch. Refuses to know what the batches are for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from models import data
from models.data import forward, imager
from models.data.views import Views
from models.recipe import Recipe
from pipeline.core import BadRequest

Tensors = tuple[Tensor, Tensor, Tensor]
"""x (N, C, h, w); target and valid (N, 1, f·h, f·w), valid being 1 at truths; float32."""

VALIDATION_SEED = 2**31  # of no recipe: all trainings are compared on the same batches


class Batch(Protocol):
    """What :class:`models.data.Batch` is."""

    @property
    def x(self) -> NDArray[np.float32]: ...
    @property
    def target(self) -> NDArray[np.float32]: ...
    @property
    def weight(self) -> NDArray[np.float32]: ...


Draw = Callable[[int, int, int], Batch]
"""The batch of so many pieces, of this seed and this step, which decide all of it."""


def drawing(recipe: Recipe, scenes: Sequence[data.Scene]) -> Draw:
    """Batches of *recipe* from *scenes*.

    Raises
    ------
    BadRequest : no scene comes from one of the recipe's sources.
    """
    sources, pixel = recipe.data.sources, recipe.data.pixel
    used = [scene for scene in scenes if origin(scene.region) in sources]
    if pixel:
        near = 1e-3 * pixel  # so near, nothing is gained
        used = [s if abs(s.pixel - pixel) < near else forward.rescaled(s, pixel) for s in used]
    areas = dict.fromkeys(sources, 0.0)
    for scene in used:
        areas[origin(scene.region)] += float(scene.valid.sum())
    if absent := ", ".join(source for source, area in areas.items() if not area):
        raise BadRequest(
            f"Recipe {recipe.name} draws from {absent}, and no scene is from there; "
            "give such scenes, or take it out of data.sources."
        )
    # Within a source, a pixel is as likely as any other.
    shares = [
        sources[origin(scene.region)] * float(scene.valid.sum()) / areas[origin(scene.region)]
        for scene in used
    ]
    wanted, size = task(recipe), recipe.data.patch
    if isinstance(wanted, imager.Imaging):
        kept = partial(imager.sampler, used, wanted, size=size, shares=shares)
    else:
        kept = partial(data.sampler, used, wanted, size=size, shares=shares)
    return lambda count, seed, step: kept(count=count, seed=seed, step=step)


def in_operation(recipe: Recipe) -> Recipe:
    """The *recipe* with pieces drawn as the Sun comes, to fit stated errors on.

    Training looks at active regions more than they come, and lays on relations of its own.
    """
    how = recipe.degradation
    if how.kind != "farside":
        return recipe
    plain = {"busy": 0.0, "gamma": (1.0, 1.0), "grain": (0.0, 0.0)}
    return recipe.model_copy(update={"degradation": how.model_copy(update=plain)})


def origin(region: str) -> str:
    """The source that a region's name begins with: of "sharp-377", "sharp"."""
    return region.split("-")[0]


def task(recipe: Recipe) -> data.Denoising | data.SuperResolution | imager.Imaging:
    """What *recipe* wants learnt."""
    scale = recipe.output.scale
    channels = tuple(channel.name for channel in recipe.inputs)
    how = recipe.degradation
    if how.kind == "farside":
        return imager.Imaging(recipe.inputs, scale, **how.model_dump(exclude={"kind"}))
    views = Views(**how.views.model_dump())
    if how.kind == "super-resolution":
        return data.SuperResolution(
            recipe.output.factor, how.fwhm, how.gain, how.sigma, how.kernel, scale, channels, views
        )
    kind = data.Noise2Noise if how.kind == "noise2noise" else data.Denoising
    return kind(how.sigma, how.kernel, scale, how.own, how.paired, channels, views)


class Batches(Dataset[Tensors]):
    """A process's part of batch number *step*, for a torch DataLoader.

    Raises
    ------
    BadRequest : the batch cannot be shared evenly.
    """

    def __init__(self, recipe: Recipe, draw: Draw, rank: int, count: int) -> None:
        self._part, rest = divmod(recipe.data.batch, count)
        if rest:
            raise BadRequest(
                f"{count} processes cannot share {recipe.data.batch} pieces evenly; "
                f"set data.batch to a multiple of {count}."
            )
        self._seed, self._draw, self._rank, self._count = recipe.seed, draw, rank, count

    def __getitem__(self, step: int) -> Tensors:
        return tensors(self._draw(self._part, self._seed, step * self._count + self._rank))


def held_out(recipe: Recipe, draw: Draw) -> list[Tensors]:
    """The batches that every validation sees."""
    count = range(recipe.training.validation_batches)
    return [tensors(draw(recipe.data.batch, VALIDATION_SEED, step)) for step in count]


def tensors(batch: Batch) -> Tensors:
    """*batch* for torch."""
    x, target, valid = (torch.from_numpy(a) for a in (batch.x, batch.target, batch.weight))
    return x, target, valid


def placed(batch: Sequence[Tensor], device: torch.device) -> Tensors:
    """*batch* on *device*, laid out as convolutions like it."""
    x, target, valid = (
        part.to(device, memory_format=torch.channels_last, non_blocking=True) for part in batch
    )
    return x, target, valid
