"""How long the ensemble takes, and how much memory it needs.

    python ops/bench_surface.py

Twelve members on the grid of 720×360, and a hundred for the memory. The first run of a step
of some length prepares its factors; hourly cycles meet the same lengths again. On a busy
machine trust the CPU seconds, which add up those of all cores.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline.core import CarringtonGrid, GlobalMap, InputFile, Observation, Quantity, earth
from pipeline.surface import Layer, analyse, blank, forecast, with_members

GRID = CarringtonGrid(720, 360)
TIME = datetime(2014, 1, 31, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUNS = 3


def layer(instrument: str, time_: datetime, west: float) -> Layer:
    """A field that an observer *west* deg of the Earth sees."""
    observer = earth(time_)
    lon, lat = GRID.mesh()
    mu = observer.mu(lon - west, lat)
    field = np.random.default_rng(1).normal(0.0, 20.0, GRID.shape)
    file = InputFile(Path(f"{instrument}.fits"), "", "")
    observation = Observation(instrument, Quantity.B_LOS, time_, observer, file)
    seen = mu > 0.15
    return Layer(
        np.where(seen, field, np.nan), np.where(seen, 10.0 / mu.clip(min=0.1), np.nan), observation
    )


def an_ensemble(members: int) -> GlobalMap:
    return with_members(blank(TIME, GRID), members)


def step(members: int) -> Callable[[], object]:
    state = an_ensemble(members)
    return lambda: forecast(state, TIME + HOUR)


def analysis() -> Callable[[], object]:
    """HMI, GONG and two imagers at their own times, then on to the full hour."""
    state = an_ensemble(12)
    minutes = (("gong", 20, 0.0), ("euvi-a", 25, 73.0), ("aia", 40, 0.0), ("hmi", 59, 0.0))
    layers = [layer(name, TIME + timedelta(minutes=m), west) for name, m, west in minutes]

    def work() -> object:
        now = state
        for one in layers:
            now = analyse(now, one)
        return forecast(now, TIME + HOUR)

    return work


def timed(work: Callable[[], object]) -> tuple[float, float, float]:
    """Seconds of the first run; median seconds and CPU seconds of the next ones."""
    start = time.perf_counter()
    work()
    first = time.perf_counter() - start
    seconds, cpu = [], []
    for _ in range(RUNS):
        start, cpu_start = time.perf_counter(), time.process_time()
        work()
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
    return first, statistics.median(seconds), statistics.median(cpu)


def main() -> None:
    """Measure every case and print one table."""
    cases = {
        "12 members, one hour": step(12),
        "12 members, analysis of HMI, GONG and two imagers": analysis(),
        "100 members, one hour": step(100),
    }
    table = Table("what", "first run, s", "seconds", "CPU seconds", "peak so far, MB")
    for what, work in cases.items():
        figures = [f"{figure:.2f}" for figure in timed(work)]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        table.add_row(what, *figures, f"{peak:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
