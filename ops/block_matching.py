"""BM3D beside the denoiser, on the middle of the regions held out for tests.

    python ops/block_matching.py ARCHIVE

Whole regions take BM3D half an hour (``allsun models evaluate hmi-denoise`` with the package
bm3d); this takes a minute or two. It is told how strong the noise is, as the network is, and is
run at 1.15 times that, its best on the training regions; once for white noise, and once told
the spectrum, which the network never is.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from models.baselines import block_matched
from models.data import SHARPS, Scene, sharp, split
from models.evaluation.estimates import of_network
from models.evaluation.trials import DENOISING, Noise, generator
from models.metrics import Moments, weak
from models.metrics.summed import Floats
from pipeline.enhance import WEIGHTS, find

SIDES = 128, 256  # px
STRONGER = 1.15


def middle(scene: Scene) -> Scene:
    """The middle of a region."""
    rows, columns = (
        slice((n - side) // 2, (n - side) // 2 + side)
        for n, side in zip(scene.field.shape, SIDES, strict=True)
    )
    return replace(scene, field=scene.field[rows, columns], radius=scene.radius[rows, columns])


def shown(answers: list[Floats], scenes: list[Scene]) -> tuple[str, str, str]:
    """PSNR, NMSE and unsigned flux where the field is weak."""
    pairs = [(a, s.field, weak(s.field)) for a, s in zip(answers, scenes, strict=True)]
    first, *others = (Moments.of(*pair) for pair in pairs)
    total = sum(others, first)
    flux = 100.0 * float(np.asarray(total.unsigned_flux_error))
    return f"{float(total.psnr(200.0)):.2f}", f"{float(total.nmse):.4f}", f"{flux:+.1f}"


def main() -> None:
    """A table of all trials of denoisers."""
    parts = split(sharp.scenes(Path(sys.argv[1]) / "extra" / "sharp"), SHARPS)
    whole = parts["test"]
    crops = [middle(scene) for scene in whole]
    network = of_network(find(WEIGHTS, "hmi-denoise"))
    assert network.predict is not None  # noqa: S101
    table = Table("noise", "method", "PSNR, dB", "NMSE", "flux, %", title="|B| ≤ 100 G")
    for trial in DENOISING:
        given = [middle(replace(s, field=trial.degraded(s, generator(s, 1)))) for s in whole]
        mine = [network.predict(g.field, g.radius, trial.sigma)[0] for g in given]
        table.add_row(trial.name, network.name, *shown(mine, crops))
        for name, kernel in told(trial).items():
            theirs = [block_matched(g.field, STRONGER * trial.sigma, kernel) for g in given]
            table.add_row("", name, *shown(theirs, crops))
    Console(width=100).print(table)


def told(trial: Noise) -> dict[str, float]:
    """What BM3D is told of the noise's correlation: nothing, and all."""
    plain = {"BM3D, white": 0.0}
    return plain | {"BM3D, true spectrum": trial.kernel} if trial.kernel else plain


if __name__ == "__main__":
    main()
