"""Batches from data sets on disk, however large.

Knows how a recipe's data sets are built, and how a long training wanders through shards
that memory does not hold. Refuses to know how scenes are made and pieces are cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from models import data
from models.batches import Batch, Draw, drawing, origin
from models.data import datasets, shards
from models.recipe import Recipe, Split
from pipeline.core import BadRequest

HELD = 64  # shards in memory at a time
TURN = 1000  # steps until others take their place
FULL_DISK = "disk"  # the origin of archives' frames
JUDGE = "Nobody has judged it: run allsun models evaluate {} before use."


def build(
    recipe: Recipe,
    folder: Path,
    mirror: str | None,
    period: datasets.Period | None = None,
    every: timedelta = datasets.EVERY,
) -> list[Path]:
    """Build what the recipe learns from, each data set in a folder of its own below *folder*.

    Raises
    ------
    BadRequest : the recipe names no data set, or one that cannot be built so.
    LeakError : a region would be in two splits.
    CannotWrite : the file system refuses.
    """
    if not recipe.data.sets:
        raise BadRequest(f"Recipe {recipe.name} names no data.sets; name folders by --from.")
    for name in recipe.data.sets:
        datasets.build(name, folder / name, mirror=mirror, period=period, every=every)
    return [folder / name for name in recipe.data.sets]


def of_period(recipe: Recipe, period: datasets.Period) -> Recipe:
    """The *recipe* for real frames of a *period*, if it names a data set of the archives.

    The card then tells of those, and its version comes after that of the shipped weights.
    """
    name, (start, end) = recipe.data.archives, period
    if not name:
        return recipe
    about = recipe.about.model_copy(
        update={
            "version": f"{recipe.about.version}.{end:%Y%m%d}",
            "data": f"{datasets.DATASETS[name].about}.",
            "period": (start.date(), end.date()),
            "limits": (JUDGE.format(recipe.name),),
        }
    )
    held_out = Split(validation=data.SEASONS.validation, test=data.SEASONS.test)
    learnt = recipe.data.model_copy(
        update={"sets": (name,), "sources": {FULL_DISK: 1.0}, "split": held_out}
    )
    return recipe.model_copy(update={"about": about, "data": learnt})


def streaming(recipe: Recipe, folders: Sequence[Path], part: str) -> Draw:
    """Batches of *recipe* from the split *part* of the data sets in *folders*.

    Raises
    ------
    BadFile : a folder is no data set.
    BadRequest : one of the recipe's sources is in none of them.
    LeakError : the data sets would train on what the recipe holds out.
    """
    listed = [
        shard for f in folders for shard in shards.read_index(f).shards if shard.split == part
    ]
    _require_sources(recipe, (region for shard in listed for region in shard.regions), part)
    wander = len(listed) > HELD

    @lru_cache(maxsize=1)
    def during(turn: int) -> Draw:
        seen: list[data.Scene] = []
        for folder in folders:
            if wander:
                share = max(1, HELD // len(folders))
                seen += shards.some(folder, part, count=share, seed=recipe.seed, turn=turn)
            else:
                seen += shards.stream(folder, part)
        _require_apart(recipe, seen, part)
        return drawing(recipe, seen)

    during(0)  # before processes part, which then share the scenes

    def draw(count: int, seed: int, step: int) -> Batch:
        return during(step // TURN if wander else 0)(count, seed, step)

    return draw


def _require_sources(recipe: Recipe, regions: Iterable[str], part: str) -> None:
    absent = sorted(set(recipe.data.sources) - {origin(region) for region in regions})
    if absent:
        raise BadRequest(
            f"The data sets have nothing from {', '.join(absent)} for {part}; build others, "
            f"or take it out of data.sources of {recipe.name}."
        )


def _require_apart(recipe: Recipe, scenes: Sequence[data.Scene], part: str) -> None:
    """Nothing is learnt or chosen on what the recipe holds out."""
    held_out = data.HeldOut(recipe.data.split.validation, recipe.data.split.test)
    parts = data.split(scenes, held_out)
    strays = parts["test"] + (parts["validation"] if part == "train" else [])
    if strays:
        raise data.LeakError(
            f"{strays[0].region} of {strays[0].time:%Y-%m} is held out by {recipe.name}, and for "
            f"{part} in its data set; build the data set anew, or correct data.split."
        )
