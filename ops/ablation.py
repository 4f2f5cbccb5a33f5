"""What each part of a cross-calibration's recipe brings, in short trainings of a small network.

    python ops/ablation.py ARCHIVE OUT

``gong-to-hmi`` at half its width and half its blocks, STEPS steps each, judged on the regions
learnt and on the one that choices are made on; those of the final table are not looked at. What
is in OUT is not trained again.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from models import batches, recipe, training
from models.data import SHARPS, Scene, sharp, split
from models.evaluation import figures
from models.evaluation.estimates import of_checkpoint
from models.evaluation.judge import trials_for
from models.evaluation.trials import examine
from models.recipe import Recipe
from ops.learning_curves import Run, smaller

STEPS = 400
NAME = "gong-to-hmi"
SHOWN = "ρ", "ρ < 600 G", "extremes 8 px", "flux"
# The camera as it is, and the regions as they lie: only flips, turns and polarity are left.
FIXED = {
    "fwhm": (5.0, 5.0),
    "gain": (0.7, 0.7),
    "sigma": (3.0, 3.0),
    "kernel": (0.0, 0.0),
    "views": recipe.Views(),
}
PUBLISHED = {"kind": "munoz_jaramillo", "base": 0.0}


def variants(whole: Recipe) -> Mapping[str, Recipe]:
    """The small recipe, and what it becomes without one of its parts."""
    small = smaller(whole, Run(tuple(sorted(SHARPS.test))))
    plan = small.training.model_copy(update={"steps": STEPS, "every": STEPS // 4})
    small = small.model_copy(update={"training": plan})

    def but(part: str, values: Mapping[str, Any]) -> Recipe:
        changed = getattr(small, part).model_copy(update=dict(values))
        return small.model_copy(update={part: changed})

    return {
        "as the recipe says": small,
        "camera and views fixed": but("degradation", FIXED),
        "published network": small.model_copy(update={"network": recipe.Network(**PUBLISHED)}),
        "squared errors alone": small.model_copy(update={"losses": recipe.Losses(mse=1.0)}),
    }


def judged(best: Path, whole: Recipe, scenes: Sequence[Scene]) -> list[str]:
    """The figures that are shown."""
    [trial] = trials_for(whole.about.task, whole.about.instruments, whole.output.factor)
    tally = examine(scenes, trial, of_checkpoint(best))
    assert tally is not None  # noqa: S101
    values = figures.superresolution(tally.total)
    return [f"{float(values[name]):.4f}" for name in SHOWN]


def main() -> None:
    """A row as soon as it is known, then the table."""
    archive, out = sys.argv[1:]
    parts = split(sharp.scenes(Path(archive) / "extra" / "sharp"), SHARPS)
    whole, console = recipe.read(recipe.find(NAME)), Console(width=140)
    table = Table("recipe", *(f"{n}, learnt" for n in SHOWN), *(f"{n}, 13866" for n in SHOWN))
    for name, each in variants(whole).items():
        draws = [batches.drawing(each, parts[part]) for part in ("train", "validation")]
        folder = Path(out) / name.replace(" ", "-")
        best = training.train(each, *draws, folder, workers=0)
        row = [name, *(x for p in ("train", "validation") for x in judged(best, whole, parts[p]))]
        console.print(*row)
        table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main()
