"""How near real maps come to the limits of the checks, and which faults of a frame they find.

``python ops/check_limits.py ../shared/archive`` makes a map from every HMI frame of 2014 in the
archive, each from the one before, and shows what every check measured after four weeks and how
often it failed; then it spoils one frame in all the ways below and shows what found it, alone and
beside a frame of GONG, which is simulated of the Sun of that frame: the archive has none of 2014.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pipeline import archives, instruments, surface
from pipeline.acts import quality
from pipeline.core import BadFile, CarringtonGrid, Check, GlobalMap, SolarImage
from pipeline.settings import Settings
from pipeline.simulator.instruments import gong
from pipeline.simulator.sites import SITES
from pipeline.simulator.sun import Moment

Pixels = NDArray[np.float32]

SETTINGS = Settings()
FLOW = surface.FLOWS[SETTINGS.surface.flow]
GRID = CarringtonGrid(360, 180)
ALONE: Mapping[str, surface.Layer] = MappingProxyType({})
FILLED = 26  # frames, within four weeks of the first


def noise(sigma: float) -> Callable[[Pixels], Pixels]:
    return lambda data: data + np.random.default_rng(0).normal(0.0, sigma, data.shape)


def half(data: Pixels) -> Pixels:
    left = np.arange(data.shape[1]) < data.shape[1] // 2
    return np.where(left, np.float32(0.0), data)


FAULTS: dict[str, Callable[[Pixels], Pixels]] = {
    "none": lambda data: data,
    "scale 0.5": lambda data: 0.5 * data,
    "scale 1.5": lambda data: 1.5 * data,
    "scale 2": lambda data: 2.0 * data,
    "scale 3": lambda data: 3.0 * data,
    "in tesla": lambda data: 1e-4 * data,
    "in milligauss": lambda data: 1e3 * data,
    "polarity reversed": lambda data: -data,
    "zero point 5 G": lambda data: data + 5.0,
    "zero point 10 G": lambda data: data + 10.0,
    "zero point 20 G": lambda data: data + 20.0,
    "gradient 60 G": lambda data: data + np.linspace(-30.0, 30.0, data.shape[1]),
    "noise 50 G": noise(50.0),
    "noise 200 G": noise(200.0),
    "half without field": half,
}


def mapped(
    last: GlobalMap | None, image: SolarImage, beside: Mapping[str, surface.Layer] = ALONE
) -> tuple[GlobalMap, tuple[Check, ...]]:
    """The map half an hour after the frame, and what its checks found, *beside* other frames.

    Raises
    ------
    BadFile : the frame is refused before it comes to that.
    """
    time = image.observation.time + timedelta(minutes=30)
    before = last or surface.blank(image.observation.time, GRID)
    layer = surface.observe(image, GRID)
    surface.require_upright(before, image, layer)
    carried = surface.balance(surface.forecast(last, time, FLOW)) if last else None
    state = surface.forecast(surface.analyse(before, layer, FLOW), time, FLOW)
    state = surface.balance(state)
    return state, quality.inspect(state, carried, {"hmi": layer, **beside}, SETTINGS)


def gong_of(image: SolarImage) -> surface.Layer:
    """What GONG would have seen where HMI saw something."""
    time = image.observation.time
    br = np.nan_to_num(surface.observe(image, GRID).br).astype(np.float32)
    look = gong.Look(Moment(time, GRID, br, ()), time, SITES[4], np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gong.fits.gz"
        gong.write(path, look)
        return surface.observe(instruments.read(archives.local(path)), GRID)


def spoiled(image: SolarImage) -> Iterator[tuple[str, SolarImage]]:
    for name, fault in FAULTS.items():
        data = np.where(image.mask, fault(image.data), np.nan).astype(np.float32)
        yield name, replace(image, data=data)


def main(folder: Path) -> None:
    """Print both tables."""
    frames = sorted(folder.glob("jsoc.stanford.edu/data/hmi/fits/2014/**/*.fits"))
    state, rows = None, []
    for number, path in enumerate(frames):
        image = instruments.read(archives.local(path))
        if number == 2 * FILLED:
            kept = state, image
        state, checks = mapped(state, image)
        if number >= FILLED:
            rows.append(checks)
    print(f"| check of {len(rows)} maps | median | 95 % | smallest | largest | limit | failed |")
    print("|---|---|---|---|---|---|---|")
    for column in zip(*rows, strict=True):
        values = np.array([check.value for check in column])
        values = values[np.isfinite(values)]  # those that were asked for
        if len(values):
            figures = (np.median(values), np.percentile(values, 95), values.min(), values.max())
            failed = sum(not check.passed for check in column)
            told = " | ".join(f"{figure:.3g}" for figure in figures)
            print(f"| `{column[0].name}` | {told} | {column[0].limit:g} | {failed} |")
    print("\n| fault of one frame | found by (critical ones are marked) | beside GONG |")
    print("|---|---|---|")
    beside = {"gong": gong_of(kept[1])}
    for name, frame in spoiled(kept[1]):
        print(f"| {name} | {found(kept[0], frame)} | {found(kept[0], frame, beside)} |", flush=True)


def found(
    last: GlobalMap | None, frame: SolarImage, beside: Mapping[str, surface.Layer] = ALONE
) -> str:
    """Which checks fail, and by how much."""
    try:
        failed = [check for check in mapped(last, frame, beside)[1] if not check.passed]
    except BadFile as error:
        return f"refused before: {error.problem[:60]}…"
    marked = (f"{c.name}{'*' * (c.severity == 'critical')} {c.value:.3g}" for c in failed)
    return ", ".join(marked) or "nothing"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
