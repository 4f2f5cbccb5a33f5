"""What more data, a wider network or several of them bring to a network of few regions.

    python ops/learning_curves.py ARCHIVE OUT [RECIPE …]

The recipe's network at half its width learns from one, two and four regions, from all four with
another seed, which makes an ensemble of two, and from all four at its full width; each for the
same number of steps, the best of them by the validation region. All are judged on the regions
held out for tests, and the mean over subsets of n regions is continued as a + b/n. What
is in OUT is not trained again.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from models import batches, recipe, training
from models.data import SHARPS, Scene, sharp, split
from models.evaluation import figures
from models.evaluation.estimates import Method, of_checkpoint
from models.evaluation.judge import trials_for
from models.evaluation.trials import Noise, examine
from models.metrics.summed import Floats
from models.recipe import Recipe

# Two orders of the training regions, the largest two first.
ORDERS = (
    ("sharp-13641", "sharp-13561", "sharp-13845", "sharp-14003"),
    ("sharp-14003", "sharp-13845", "sharp-13561", "sharp-13641"),
)
STEPS = {"hmi-denoise": 1000, "gong-to-hmi": 700, "mdi-to-hmi": 700}
SHOWN = {
    "denoise": ("PSNR", "σ_D", "flux weak"),
    "crosscal": ("ρ", "ρ < 600 G", "extremes 8 px", "flux"),
}
JUDGED = 3  # trials: those at one noise level


@dataclass(frozen=True)
class Run:
    """Regions learnt from, the width relative to half the recipe's, and the seed."""

    regions: tuple[str, ...]
    width: float = 1.0
    seed: int = 0

    @property
    def name(self) -> str:
        numbers = "+".join(sorted(r.removeprefix("sharp-") for r in self.regions))
        return f"{numbers}, width {self.width:g}, seed {self.seed}"


def runs() -> list[Run]:
    """Those of data first, then seeds, then widths."""
    some = [Run(tuple(sorted(o[:n]))) for n in (1, 2) for o in ORDERS]
    every = tuple(sorted(ORDERS[0]))
    seeds = [Run(every, seed=s) for s in (0, 1)]
    return [*some, *seeds, Run(every, width=2.0)]


def smaller(whole: Recipe, run: Run) -> Recipe:
    """The recipe at the run's width and seed, for few steps."""
    options = dict(whole.network.options)
    share = 0.5 * run.width
    if "widths" in options:
        options["widths"] = [int(w * share) for w in options["widths"]]
    else:
        options |= {"width": int(options["width"] * share), "blocks": options["blocks"] // 2}
    network = whole.network.model_copy(update=options)
    steps = STEPS[whole.name]
    plan = whole.training.model_copy(update={"steps": steps, "every": steps // 7})
    return whole.model_copy(update={"network": network, "training": plan, "seed": run.seed})


def trained(whole: Recipe, run: Run, parts: Mapping[str, Sequence[Scene]], out: Path) -> Method:
    """The network of *run*, trained in a folder of its own."""
    small = smaller(whole, run)
    learnt = [scene for scene in parts["train"] if scene.region in run.regions]
    draw = batches.drawing(small, learnt)
    held_out = batches.drawing(small, parts["validation"])
    folder = out / whole.name / run.name.replace(", ", "_").replace(" ", "-")
    return of_checkpoint(training.train(small, draw, held_out, folder, workers=0), run.name)


def together(members: Sequence[Method]) -> Method:
    """The mean of what *members* answer."""

    def predict(field: Floats, radius: Floats, noise: float, /) -> tuple[Floats, None]:
        answers = [m.predict(field, radius, noise)[0] for m in members if m.predict]
        return np.mean(answers, axis=0, dtype=np.float32), None

    return Method(f"mean of {len(members)} seeds", "", predict)


def judged(method: Method, whole: Recipe, scenes: Sequence[Scene]) -> list[float]:
    """The figures that are shown, trial by trial."""
    found = []
    trials = trials_for(whole.about.task, whole.about.instruments, whole.output.factor)
    for trial in trials[:JUDGED]:
        tally = examine(scenes, trial, method)
        assert tally is not None  # noqa: S101
        of = figures.denoising if isinstance(trial, Noise) else figures.superresolution
        values = of(tally.total)
        found += [float(np.asarray(values[name])) for name in SHOWN[whole.about.task]]
    return found


def continued(found: Mapping[Run, Sequence[float]]) -> dict[int, list[float]]:
    """The mean over subsets of n regions as a + b/n, at 8 regions, 16 and without end (0)."""
    plain = [run for run in found if run.width == 1.0 and run.seed == 0]
    design = np.array([[1.0, 1.0 / len(run.regions)] for run in plain])
    slopes = np.linalg.lstsq(design, np.array([found[run] for run in plain]), rcond=None)[0]
    return {n: list(slopes[0] + (slopes[1] / n if n else 0.0)) for n in (8, 16, 0)}


def curve(name: str, parts: Mapping[str, Sequence[Scene]], out: Path, console: Console) -> None:
    """Train and judge every run of a recipe; print its table."""
    whole = recipe.read(recipe.find(name))
    table = Table("network", title=name)
    for trial in trials_for(whole.about.task, whole.about.instruments, whole.output.factor)[
        :JUDGED
    ]:
        for figure in SHOWN[whole.about.task]:
            kernel = f" {trial.kernel:g} px" if isinstance(trial, Noise) else ""
            table.add_column(f"{figure}{kernel}", justify="right")
    found, seeds = dict[Run, list[float]](), list[Method]()
    for run in runs():
        method = trained(whole, run, parts, out)
        found[run] = judged(method, whole, parts["test"])
        console.print(run.name, *(f"{value:.4f}" for value in found[run]))
        table.add_row(run.name, *(f"{value:.4f}" for value in found[run]))
        if len(run.regions) == len(ORDERS[0]) and run.width == 1.0:
            seeds.append(method)
    mean = together(seeds)
    table.add_row(mean.name, *(f"{value:.4f}" for value in judged(mean, whole, parts["test"])))
    for n, values in continued(found).items():
        label = f"continued to {n} regions" if n else "continued without end"
        table.add_row(label, *(f"{value:.4f}" for value in values))
    console.print(table)


def main() -> None:
    """Every recipe named."""
    archive, out, *names = sys.argv[1:]
    parts = split(sharp.scenes(Path(archive) / "extra" / "sharp"), SHARPS)
    for name in names or STEPS:
        curve(name, parts, Path(out), Console(width=160))


if __name__ == "__main__":
    main()
