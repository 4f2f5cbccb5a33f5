"""What a corona costs, beside pfsspy and streamtracer in the same run.

    python ops/bench_corona.py            all cases, one table
    python ops/bench_corona.py NAME...    only these

Every case runs in a process of its own with one thread unless its name says otherwise, after a
first run that compiles and fills caches (what is long needs none); of several the median
counts. CPU seconds are
those of the process: on a busy machine they tell more than the wall does.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline import corona
from pipeline.core import CarringtonGrid, Observer
from pipeline.corona import reference
from pipeline.corona.potential import Operator

Work = Callable[[], object]

TIME = datetime(2014, 1, 31, tzinfo=UTC)
RSS = 2.5
SIZES = {"360x180x35": (CarringtonGrid(360, 180), 35), "720x360x50": (CarringtonGrid(720, 360), 50)}
TINY = CarringtonGrid(16, 8)
HOURLY = CarringtonGrid(360, 180)  # the grid of the settings, with as many radial cells
EARTH = {"earth": Observer(150.0, -6.0, 212.0), "stereo-a": Observer(300.0, 3.0, 206.0)}


def sun(grid: CarringtonGrid, seed: int = 0) -> np.ndarray:
    """A map with polar fields, a power law of multipoles and noise; gauss."""
    rng = np.random.default_rng(seed)
    lon, lat = (np.radians(a) for a in grid.mesh())
    br = 6.0 * np.sin(lat) ** 7 + rng.normal(0.0, 5.0, grid.shape)
    for _ in range(60):
        centre = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.3)
        for sign, shift in ((1, -0.06), (-1, 0.06)):
            off = np.arctan2(np.sin(lon - centre[0] - shift), np.cos(lon - centre[0] - shift))
            near = (off * np.cos(lat)) ** 2 + (lat - centre[1]) ** 2
            br += sign * np.sign(centre[1]) * 60.0 * np.exp(-near / 0.004)
    return np.asarray(br - br.mean())


def operator(size: str) -> Operator:
    grid, nr = SIZES[size]
    return corona.prepare(grid, RSS, nr)


def ours_solved(size: str, folder: Path) -> Work:
    kept, br = operator(size), sun(SIZES[size][0])
    return lambda: corona.solve(kept, br)


def theirs_solved(size: str, folder: Path) -> Work:
    grid, nr = SIZES[size]
    br = sun(grid)
    reference.solve(sun(TINY), TINY, RSS, 5)  # compiles pfsspy's loops
    return lambda: reference.solve(br, grid, RSS, nr)


def ours_mapped(size: str, folder: Path) -> Work:
    field = corona.solve(operator(size), sun(SIZES[size][0]))
    return lambda: (corona.map_photosphere(field), corona.map_source_surface(field))


def theirs_mapped(size: str, folder: Path, step: float = 1.0) -> Work:
    """Both surfaces by streamtracer, in steps of one radial cell, which is pfsspy's default."""
    grid, nr = SIZES[size]
    field, output = reference.solve(sun(grid), grid, RSS, nr)

    def both() -> None:
        up = np.sign(field.br[0]).astype(np.int8)
        down = -np.sign(field.br_source_surface).astype(np.int8)
        reference.follow(output, grid, reference.BARELY, up, step)
        reference.follow(output, grid, float(np.log(RSS)) - reference.BARELY, down, step)

    return both


def theirs_mapped_half(size: str, folder: Path) -> Work:
    return theirs_mapped(size, folder, 0.5)


def prepared(size: str, folder: Path) -> Work:
    grid, nr = SIZES[size]
    return lambda: corona.prepare(grid, RSS, nr)


def loaded(size: str, folder: Path) -> Work:
    grid, nr = SIZES[size]
    corona.prepare(grid, RSS, nr, folder)
    return lambda: corona.prepare(grid, RSS, nr, folder)


def ensemble(size: str, folder: Path) -> Work:
    """All products of many members over three source surfaces; *size* is their number."""
    count = int(size)
    maps = [sun(HOURLY, seed) for seed in range(min(count, 4))]
    recipe = corona.Recipe(spread=(2.0, 2.5, 3.0))
    members = [maps[n % len(maps)] for n in range(count)]
    best = np.mean(maps, axis=0)
    return lambda: corona.extrapolate(
        best, HOURLY, TIME, recipe, members=members, observers=EARTH, cache=folder
    )


# What is measured, of what size, how often, with how many threads.
CASES: dict[str, tuple[Callable[[str, Path], Work], str, int, int]] = {
    **{
        f"{work.__name__} {size}": (work, size, runs, 1)
        for size in SIZES
        for work, runs in (
            (ours_solved, 5),
            (theirs_solved, 1),
            (ours_mapped, 2),
            (theirs_mapped, 1),
            (theirs_mapped_half, 1),
        )
    },
    "prepared 720x360x50": (prepared, "720x360x50", 1, 1),
    "loaded 720x360x50": (loaded, "720x360x50", 1, 1),
    "ensemble 12, 2 threads": (ensemble, "12", 1, 2),
    "ensemble 100, 2 threads": (ensemble, "100", 1, 2),
}

# What is asked of them: wall seconds, peak of memory, or the ratio to theirs in CPU seconds.
ASKED = {
    **{f"theirs_solved {size}": "20×" for size in SIZES},
    **{f"theirs_mapped {size}": "7×" for size in SIZES},
    "prepared 720x360x50": "10 s",
    "loaded 720x360x50": "1 s",
    "ensemble 12, 2 threads": "20 s, 2000 MB",
    "ensemble 100, 2 threads": "180 s, 3000 MB",
}


def run_case(name: str) -> dict[str, float]:
    """Wall and CPU seconds, and the peak of memory in MB, of one case in this process."""
    make, size, runs, _ = CASES[name]
    with tempfile.TemporaryDirectory() as folder:
        work = make(size, Path(folder))
        if runs > 1:
            work()
        elif make is ensemble:
            ensemble("3", Path(folder))()
        wall, cpu = [], []
        for _ in range(runs):
            start, cpu_start = time.perf_counter(), time.process_time()
            work()
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - cpu_start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": statistics.median(wall), "cpu": statistics.median(cpu), "mb": peak}


def measure(name: str) -> dict[str, float]:
    """The same in a process of its own, with the case's number of threads."""
    threads = str(CASES[name][3])
    limits = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), threads
    )
    done = subprocess.run(  # noqa: S603 (own script)
        [sys.executable, __file__, "--one", name],
        env={**os.environ, **limits},
        check=True,
        stdout=subprocess.PIPE,
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main(names: list[str]) -> None:
    """Measure the cases and print one table, with the ratios that are asked for."""
    results = {}
    for name in names or CASES:
        results[name] = measure(name)
        print(name, results[name], file=sys.stderr, flush=True)
    table = Table()
    for column in ("case", "wall s", "CPU s", "peak MB", "theirs / ours, CPU", "asked"):
        table.add_column(column, justify="left" if column == "case" else "right")
    for name, figures in results.items():
        ours = results.get(name.replace("theirs", "ours").replace("_half", ""))
        times = f"{figures['cpu'] / ours['cpu']:.1f}" if ours and "theirs" in name else ""
        row = (f"{figures['wall']:.2f}", f"{figures['cpu']:.2f}", f"{figures['mb']:.0f}")
        table.add_row(name, *row, times, ASKED.get(name, ""))
    Console().print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(run_case(sys.argv[2])))
    else:
        main(sys.argv[1:])
