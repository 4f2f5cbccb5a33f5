"""Commands of the workshop: ``allsun models dataset | train | evaluate | export``.

Words in, one module's work, a summary out. The pipeline finds them by the entry points
``allsun.models``; torch is imported when a command needs it. On several GPUs:

    torchrun --nproc-per-node 4 --no-python allsun models train RECIPE --from DIR
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from models import recipe as recipes
from pipeline.core import BadRequest, parse_utc
from pipeline.enhance.registry import WEIGHTS
from pipeline.settings import Settings, parse_duration
from pipeline.terminal import Report, as_text, command

if TYPE_CHECKING:
    from models.data.datasets import Period

app = typer.Typer()

Named = Annotated[str, typer.Argument(metavar="RECIPE", help="Name, or TOML file.")]
From = Annotated[
    list[Path] | None,
    typer.Option("--from", help="Data set; by default the recipe's own, built from --archive."),
]
Start = Annotated[str | None, typer.Option(help="First time of observations (UTC).")]
End = Annotated[str | None, typer.Option(help="Last time of observations (UTC).")]
Every = Annotated[str, typer.Option(help="From one observation to the next, like 25h.")]


@command(app)
def dataset(
    settings: Settings,
    name: Annotated[str, typer.Argument(help="Which; a wrong name lists them.")],
    out: Annotated[Path, typer.Option(help="Folder.")],
    start: Start = None,
    end: End = None,
    every: Every = "25h",
) -> Report:
    """Build a data set of registered pairs, or go on building it."""
    from models.data import datasets

    mirror, period = settings.archives.mirror, _period(start, end)
    index = datasets.build(name, out, mirror=mirror, period=period, every=_step(every))
    summary = {
        "folder": str(out),
        "scenes": index.counts,
        "problems": list(index.problems.values()),
    }
    return Report(summary, as_text(summary), index.complete)


@command(app)
def train(
    settings: Settings,
    named: Named,
    out: Annotated[Path | None, typer.Option(help="Folder of the training.")] = None,
    folders: From = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the recipe's.")] = None,
    weights: Annotated[Path | None, typer.Option(help="best.pt to begin with.")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Stop after; train again to go on.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that prepare batches.")
    ] = None,
    start: Start = None,
    end: End = None,
) -> Report:
    """Train a network, or go on training it."""
    _require_torch()
    from models import records, stores, training

    period = _period(start, end)
    recipe = _recipe(named, seed)
    recipe = stores.of_period(recipe, period) if period else recipe
    out = out or settings.data / "training" / f"{recipe.name}-{recipe.seed}"
    places = _places(recipe, settings, folders, period)
    best = training.train(
        recipe,
        stores.streaming(recipe, places, "train"),
        stores.streaming(recipe, places, "validation"),
        out,
        weights=weights,
        minutes=math.inf if minutes is None else minutes,
        workers=workers,
        track=_bar,
    )
    summary = {"weights": str(best), **records.last(out)}
    return Report(summary, as_text(summary))


@command(app)
def export(
    settings: Settings,
    members: Annotated[
        list[Path], typer.Argument(metavar="TRAINING", help="Folders; several are an ensemble.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder of the weights.")] = None,
    folders: From = None,
    start: Start = None,
    end: End = None,
) -> Report:
    """Write trained weights, with card and golden answer, for the pipeline to run."""
    _require_torch()
    from models import batches, checkpoints, stores
    from models import export as exporting

    files = [member / checkpoints.BEST if member.is_dir() else member for member in members]
    recipe, _ = checkpoints.trained(files[0])
    places = _places(recipe, settings, folders, _period(start, end))
    with Console(stderr=True).status("Exporting"):
        draw = stores.streaming(batches.in_operation(recipe), places, "validation")
        x, fitted = exporting.calibrated(files, draw)
        found = exporting.export(files, x, out or _weights(settings), fitted)
        if recipe.about.task == "farside" and recipe.output.uncertainty != "none":
            _restate(found.folder, places)
    summary = {
        "folder": str(found.folder),
        "largest difference from torch, G": found.difference,
        "float16": found.half or "as well",
    }
    return Report(summary, as_text(summary))


@command(app)
def evaluate(
    settings: Settings,
    name: Annotated[str, typer.Argument(help="An installed network, or a best.pt.")],
    out: Annotated[Path | None, typer.Option(help="Folder for pictures.")] = None,
) -> Report:
    """Judge a network and its rivals on held-out observations; the table goes into its card."""
    _require_torch()
    from models.evaluation import command as evaluation

    archive = settings.archives.mirror
    if not archive or not Path(archive).is_dir():
        raise BadRequest("Evaluation needs observations: name their folder by --archive.")
    out = out or settings.data / "evaluation" / name.replace("/", "-")
    with Console(stderr=True).status("Evaluating") as status:
        found, text = evaluation.evaluate(
            name, _weights(settings), Path(archive), out, status.update
        )
    return Report(found, text)


def _restate(folder: Path, places: list[Path]) -> None:
    """The errors that a far-side network states, as they are on the Suns of the validation."""
    from models import data, export
    from models.evaluation import farside_errors
    from pipeline.enhance.registry import read

    scenes = (scene for place in places for scene in data.stream(place, "validation"))
    export.restate(folder, farside_errors.factor(read(folder), scenes))


def _require_torch() -> None:
    if find_spec("torch") is None:
        raise BadRequest("This needs torch: pip install 'allsun[train]'.")


def _recipe(named: str, seed: int | None) -> recipes.Recipe:
    recipe = recipes.read(recipes.find(named))
    return recipe if seed is None else recipe.model_copy(update={"seed": seed})


def _weights(settings: Settings) -> Path:
    return settings.enhance.weights or WEIGHTS


def _places(
    recipe: recipes.Recipe, settings: Settings, folders: list[Path] | None, period: Period | None
) -> list[Path]:
    """The folders of the data sets, which are built if none is named."""
    from models import stores

    if folders:
        return folders
    if "RANK" in os.environ:
        raise BadRequest("Several processes would build the same data set; name one by --from.")
    return stores.build(recipe, settings.data / "datasets", settings.archives.mirror, period)


def _period(start: str | None, end: str | None) -> Period | None:
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise BadRequest("A period has two ends: give --start and --end.")
    return parse_utc(start), parse_utc(end)


def _step(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise BadRequest(f"{text!r} cannot be used: {error}.") from None


def _bar(batches: Iterable[Any], done: int, steps: int) -> Iterator[Any]:
    """A bar on standard error, where that is a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("Training", completed=done, total=steps)
        for batch in batches:
            yield batch
            progress.advance(task)


if __name__ == "__main__":
    app()
