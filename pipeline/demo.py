"""The demonstration: simulate the Sun of these days, observe it, map it, and score the map."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline import publish, scores
from pipeline.core import CarringtonGrid
from pipeline.cycle import run_cycle
from pipeline.settings import Settings
from pipeline.simulator.archive import write_archive
from pipeline.simulator.server import ArchiveServer

# A newcomer waits for it: two days show every instrument, and take four minutes of processor time.
DAYS = timedelta(days=2)
EVERY = timedelta(hours=3)
STEP = timedelta(hours=12)
GRID = CarringtonGrid(720, 360)

Track = Callable[[Iterable[Any], str, int | None], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What was made: the newest products, their scores against the truth, and a picture of both."""

    products: publish.ProductSet
    comparison: scores.Comparison
    picture: Path
    truth: Path


def run_demo(settings: Settings, at: datetime, seed: int, track: Track) -> Demonstration:
    """Run the unchanged cycle on a simulated Sun, through a web server on loopback.

    at : UTC, when the demonstration ends
    seed : another one is another Sun
    track : wraps what is worked through, told what it is and how much, to show progress
    """
    start = at.replace(hour=0) - DAYS
    home = settings.data / f"{start:%Y%m%d}-{seed}"  # maps of one Sun are not carried on by another
    folder = home / "archive"
    if folder.exists():
        shutil.rmtree(folder)
    write_archive(
        folder, start, at, seed=seed, every=EVERY, grid=GRID,
        track=lambda hours, total: track(hours, "Simulating", total),
    )  # fmt: skip
    with ArchiveServer(folder) as server:
        archives = settings.archives.model_copy(update={"mirror": server.url})
        simulated = settings.model_copy(update={"archives": archives, "data": home})

        def assimilating(files: Iterable[Any]) -> Iterable[Any]:
            return track(files, "Assimilating", None)

        run_cycle(at - STEP, simulated, at - STEP - start, assimilating)
        products = run_cycle(at, simulated, track=assimilating)
    comparison = scores.compare(products.files["synchronic"], folder)
    picture = home / "scores.png"
    scores.write_picture(picture, comparison.map_, comparison.truth)
    return Demonstration(products, comparison, picture, folder)
