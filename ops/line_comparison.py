"""How far our field lines and streamtracer's part, and which of two causes it is.

    python ops/line_comparison.py [ARCHIVE]

First, lines from some cells of real GONG maps on the grid of operation, by streamtracer over the
field as pfsspy averages it onto the corners of cells, and over the field that our lines follow;
by shrinking steps, and with surfaces that lines cross instead of stopping near. What remains over
our field is the tracer's; what comes on top over the averages is theirs. Then, who is right: the
same maps without their smallest scales, so that a grid three times finer holds the same Sun. Its
lines, by streamtracer again, judge both on the coarse one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.special import sph_harm_y

from pipeline import corona, stages
from pipeline.core import CarringtonGrid, great_circle
from pipeline.corona import reference
from pipeline.corona.field import Field

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "archive"
GRID, COARSE, FINER = CarringtonGrid(360, 180), CarringtonGrid(120, 60), 3
RSS, NR, COARSE_NR = 2.5, 35, 12
CELLS = 1000
DEGREES = (10, 20)  # of harmonics on the coarse grid, of whose cells there are 36 and 18 to a wave
Ends = NDArray[np.float64]  # (n, 3): longitude and latitude in deg, radius in solar radii
Cells = NDArray[np.intp]
MAPS = {1: corona.map_photosphere, -1: corona.map_source_surface}


def ours(field: Field, upward: int, cells: Cells) -> Ends:
    """Ends of the lines from *cells*."""
    found = MAPS[upward](field)
    lon, lat, opened = (a.ravel()[cells] for a in (found.lon, found.lat, found.polarity))
    far = (opened != 0) == (upward > 0)
    return np.stack([lon, lat, np.where(far, field.shells.rss, 1.0)], axis=1)


def as_pfsspy(output: object, field: Field, upward: int, cells: Cells) -> Ends:
    """The same as pfsspy leaves it: steps of a radial cell that stop near the surfaces."""
    sense = np.zeros(field.br[0].size, np.int8)
    start, top = (0, reference.BARELY), (-1, np.log(field.shells.rss) - reference.BARELY)
    level, height = start if upward > 0 else top
    sense[cells] = upward * np.sign(field.br[level]).ravel()[cells]
    found = reference.follow(output, field.grid, height, sense.reshape(field.grid.shape), 1.0)
    lon, sine, log_r = found.reshape(3, -1)[:, cells]
    lat = np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))
    return np.stack([np.degrees(lon) % 360.0, lat, np.exp(log_r)], axis=1)


def compared(one: Ends, other: Ends, grid: CarringtonGrid) -> str:
    """Lines alike, open or closed, and with ends within half a cell; per cent; and how far."""
    middle = np.sqrt(RSS)
    alike = (one[:, 2] > middle) == (other[:, 2] > middle)
    off = great_circle(one[:, 0], one[:, 1], other[:, 0], other[:, 1]) * grid.nlon / 360.0
    return f"{alike.mean():.2%}  {(off < 0.5).mean():.1%}  {np.median(off):.3f}"


def tracers(br: NDArray[np.floating], cells: Cells) -> Iterator[tuple[str, ...]]:
    """Who and how; lines from the photosphere and from the source surface beside ours."""
    field, output = reference.solve(br, GRID, RSS, NR)
    own = {way: ours(field, way, cells) for way in MAPS}
    found = {way: as_pfsspy(output, field, way, cells) for way in MAPS}
    yield "pfsspy as it is", *(compared(own[way], found[way], GRID) for way in MAPS)
    grids = {"averages": reference.averages(output), "our field": reference.staggered(field)}
    for name, vectors in grids.items():
        for size in (0.5, 0.1):
            found = {way: reference.ends(vectors, field, way, cells, size) for way in MAPS}
            told = (compared(own[way], found[way], GRID) for way in MAPS)
            yield f"{name}, steps of {size} cell", *told


def harmonics(br: NDArray[np.floating], degree: int) -> Iterator[NDArray[np.float64]]:
    """The harmonics of *br*, on :data:`GRID`, up to *degree*, on the coarse grid and the finer."""
    turned = np.fft.rfft(br - br.mean(), axis=1) / GRID.nlon
    for grid in (COARSE, CarringtonGrid(COARSE.nlon * FINER, COARSE.nlat * FINER)):
        waves = np.zeros((grid.nlat, grid.nlon // 2 + 1), complex)
        for m in range(degree + 1):
            degrees = np.arange(max(m, 1), degree + 1)[:, None]
            here, there = (
                sph_harm_y(degrees, m, np.arccos(g.sin_lat), 0.0).real for g in (GRID, grid)
            )
            shift = np.exp(1j * m * np.pi * (1.0 / grid.nlon - 1.0 / GRID.nlon))
            waves[:, m] = there.T @ (here @ turned[:, m]) * shift * 4.0 * np.pi / GRID.nlat / 2.0
        yield np.fft.irfft(waves * grid.nlon, grid.nlon, axis=1)


def judged(br: NDArray[np.floating], degree: int) -> Iterator[tuple[str, ...]]:
    """Both on the coarse grid beside streamtracer on the finer one."""
    rows, columns = np.divmod(np.arange(COARSE.nlon * COARSE.nlat), COARSE.nlon)
    few = np.random.default_rng(1).choice(rows.size, CELLS, replace=False)
    rows, columns = rows[few], columns[few]
    inner = (rows * FINER + FINER // 2) * COARSE.nlon * FINER + columns * FINER + FINER // 2
    # The tangential field vanishes half a radial cell below the top: it is to do so at one height.
    part = (1 - 0.5 / COARSE_NR) / (1 - 0.5 / (COARSE_NR * FINER))
    coarse, fine = harmonics(br, degree)
    grid = CarringtonGrid(COARSE.nlon * FINER, COARSE.nlat * FINER)
    field, output = reference.solve(coarse, COARSE, RSS, COARSE_NR)
    judge, answer = reference.solve(fine, grid, float(RSS**part), COARSE_NR * FINER)
    true = {w: reference.ends(reference.averages(answer), judge, w, inner, 0.2) for w in MAPS}
    lines = {
        "ours": {way: ours(field, way, few) for way in MAPS},
        "pfsspy as it is": {way: as_pfsspy(output, field, way, few) for way in MAPS},
        "averages, steps of 0.1 cell": {
            way: reference.ends(reference.averages(output), field, way, few, 0.1) for way in MAPS
        },
    }
    for name, found in lines.items():
        told = (compared(found[way], true[way], COARSE) for way in MAPS)
        yield f"degree {degree}: {name}", *told


def main(archive: Path) -> None:
    """Print two tables: lines alike, ends within half a cell, and the median in cells."""
    cells = np.random.default_rng(1).choice(GRID.nlon * GRID.nlat, CELLS, replace=False)
    told = "lines alike, ends within half a cell, their median distance in cells"
    agree = Table(title="Our lines beside …", caption=told)
    right = Table(title="Beside a three times finer grid", caption=told)
    for table in (agree, right):
        for column in ("GONG map", "lines", "from the photosphere", "from the source surface"):
            table.add_column(column, justify="right" if column.startswith("from") else "left")
    for path in sorted(archive.glob("gong.nso.edu/data/magmap/QR/bqs/*/*/*.fits.gz")):
        br = stages.read_map(path).br.astype(np.float64)
        both = [(agree, tracers(br, cells)), *((right, judged(br, d)) for d in DEGREES)]
        for table, rows in both:
            for row in rows:
                table.add_row(path.name[5:11], *row)
                print(path.name[5:11], *row, file=sys.stderr, flush=True)
    console = Console(width=100)
    console.print(agree, right)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ARCHIVE)
