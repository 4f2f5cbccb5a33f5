"""How long the expensive steps take, and how much memory they need.

    python ops/bench.py

Every case runs in a process of its own: once to warm up (compiled code is loaded, caches
fill), then as often as the table says; the median counts. On a busy machine trust the CPU
seconds, which add up those of all cores. Memory is the peak resident size during the runs
less the resident size before the first. All cores are used by whatever uses them. Linux only:
the kernel's record of the peak is reset before each case. What the corona costs beside pfsspy
follows in a table of its own.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from rich.console import Console
from rich.table import Table

from pipeline.core import CarringtonGrid, InputFile, SolarImage

if TYPE_CHECKING:
    from pipeline.simulator.sun import Moment

Work = Callable[[], object]

TIME = datetime(2014, 1, 31, tzinfo=UTC)
GRID = CarringtonGrid(720, 360)
ROOT = Path(__file__).resolve().parents[1]
REAL_ARCHIVE = ROOT.parent / "shared" / "archive"


def frame_at(folder: Path) -> InputFile:
    return InputFile(folder / "hmi.fits", "", "")


def simulated_sun() -> Moment:
    from pipeline.simulator.sun import simulate

    return next(simulate(TIME, 1, seed=0, grid=GRID))


def write_frame(folder: Path) -> None:
    """A full-size HMI frame of the simulated Sun, with noise, Rice-compressed."""
    from pipeline.simulator.instruments import hmi

    hmi.write(frame_at(folder).path, simulated_sun(), TIME, np.random.default_rng(0))


def image_in(folder: Path) -> SolarImage:
    from pipeline.instruments import read

    return read(frame_at(folder))


def read_frame(folder: Path) -> Work:
    return lambda: image_in(folder)


def remap(folder: Path) -> Work:
    """From the line-of-sight image to radial field, its error and coverage."""
    from pipeline.surface import observe

    image = image_in(folder)
    return lambda: observe(image, GRID)


def remap_adaptively(folder: Path) -> Work:
    """The same frame by reproject's anti-aliased resampling, as sunpy offers it.

    Without conserve_flux, which would sum the field over pixels instead of averaging it.
    """
    import sunpy.map
    from sunpy.map.header_helper import make_heliographic_header

    frame = sunpy.map.Map(frame_at(folder).path)
    frame = sunpy.map.Map(image_in(folder).data, frame.meta)
    header = make_heliographic_header(
        frame.date,
        frame.observer_coordinate,
        GRID.shape,
        frame="carrington",
        projection_code="CEA",
        map_center_longitude=180 * u.deg,
    )
    header["rsun_ref"] = frame.meta["rsun_ref"]
    return lambda: frame.reproject_to(header, algorithm="adaptive")


def extrapolate(folder: Path) -> Work:
    """Field above a 360 by 180 map, 50 radial cells, with all its products."""
    from pipeline import corona

    moment, grid = simulated_sun(), CarringtonGrid(360, 180)
    br = moment.grid.block_mean(moment.br, grid)
    recipe = corona.Recipe(spread=(2.5,))
    return lambda: corona.extrapolate(br, grid, TIME, recipe)


def cycle(folder: Path) -> Work:
    """One cycle from nothing: three days of observations, map, corona and all products."""
    from pipeline.cycle import run_cycle
    from pipeline.settings import load
    from pipeline.simulator.archive import write_archive

    archive = REAL_ARCHIVE
    if not archive.is_dir():
        archive = folder / "archive"
        names = ("hmi", "gong", "gong-synoptic")
        write_archive(archive, TIME - timedelta(days=3), TIME, names=names, grid=GRID)

    def once() -> object:
        with tempfile.TemporaryDirectory(dir=folder) as data:
            return run_cycle(TIME, load(data=Path(data), mirror=str(archive)), timedelta(days=3))

    return once


def unet_by_onnx_runtime(folder: Path) -> Work:
    """A whole disk of 4096² through a U-Net of 16 channels, as the pipeline runs networks."""
    sys.path.append(str(ROOT / "tests" / "enhance"))
    from networks import write_network

    from pipeline.enhance import Runtime, compute, read_network
    from pipeline.timing import disk

    network = read_network(write_network(folder, "unet", width=16, depth=4))
    engine = Runtime(("cpu",)).open(network)
    x, mask = disk(2, 4096)
    return lambda: compute(x, mask, engine)


def unet_by_pytorch(folder: Path) -> Work:
    """The same operations in PyTorch's fastest float32, which is channels_last."""
    import torch
    from torch import nn
    from torch.nn.functional import interpolate, max_pool2d

    from pipeline.timing import disk

    def twice(before: int, after: int) -> nn.Sequential:
        first, second = (nn.Conv2d(n, after, 3, padding=1) for n in (before, after))
        return nn.Sequential(first, nn.ReLU(), second, nn.ReLU())

    widths = [16 * 2**level for level in range(5)]
    down = nn.ModuleList(twice(a, b) for a, b in pairwise([2, *widths]))
    rise = nn.ModuleList(twice(a + b, a) for a, b in reversed(list(pairwise(widths))))
    last = nn.Conv2d(widths[0], 1, 1)
    for part in (down, rise, last):
        part.to(memory_format=torch.channels_last)

    def forward() -> object:
        y, skips = x, []
        for level, block in enumerate(down):
            y = block(max_pool2d(y, 2) if level else y)
            skips.append(y)
        skips.pop()
        for block in rise:
            y = block(torch.cat([interpolate(y, scale_factor=2.0), skips.pop()], 1))
        return last(y) + x[:, :1]

    x = torch.from_numpy(disk(2, 4096)[0])[None].to(memory_format=torch.channels_last)
    return torch.inference_mode()(forward)


# Name, what it measures, timed runs.
CASES: dict[str, tuple[Callable[[Path], Work], str, int]] = {
    "read": (read_frame, "read a Rice-compressed 4096² HMI frame", 5),
    "remap": (remap, "average it onto 720×360", 7),
    "adaptive": (remap_adaptively, "the same by reproject_adaptive", 1),
    "pfss": (extrapolate, "extrapolate 360×180×50 with all products", 1),
    "unet": (unet_by_onnx_runtime, "4096² disk, U-Net of 16 channels, ONNX Runtime", 2),
    "torch": (unet_by_pytorch, "the same in PyTorch", 2),
    "cycle": (cycle, "one whole cycle, cold start, three days of frames", 1),
}


def run_case(name: str, folder: Path) -> dict[str, float]:
    """Seconds, CPU seconds of all threads, and MB of one case, measured in this process."""
    prepare, _, runs = CASES[name]
    work = prepare(folder)
    work()
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    seconds, cpu = [], []
    for _ in range(runs):
        start, cpu_start = time.perf_counter(), time.process_time()
        work()
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
    return {
        "seconds": statistics.median(seconds),
        "cpu": statistics.median(cpu),
        "mb": (_status("VmHWM") - before) / 1024,
    }


def _status(key: str) -> float:
    """An entry of the kernel's account of this process, kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith(key)).split()[1])


def main() -> None:
    """Measure every case and print one table."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        write_frame(Path(folder))
        for name in CASES:
            command = [sys.executable, __file__, name, folder]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603 (own script)
            results[name] = json.loads(done.stdout.splitlines()[-1])
    table = Table(title=f"{os.cpu_count()} cores, Python {platform.python_version()}")
    for column in ("what", "seconds", "CPU seconds", "× remap", "memory, MB", "runs"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, (_, what, runs) in CASES.items():
        result = results[name]
        ratio = result["seconds"] / results["remap"]["seconds"]
        figures = (result["seconds"], result["cpu"], ratio)
        table.add_row(what, *(f"{f:.2f}" for f in figures), f"{result['mb']:.0f}", f"{runs}")
    Console().print(table)
    beside = Path(__file__).with_name("bench_corona.py")
    subprocess.run([sys.executable, beside], check=True)  # noqa: S603 (own script)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        print(json.dumps(run_case(sys.argv[1], Path(sys.argv[2]))))
