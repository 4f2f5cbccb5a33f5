"""How far the corona of real GONG maps depends on its grid and on who computes it.

    python ops/corona_comparison.py [ARCHIVE]

For every synoptic map of GONG in the archive: own code on the grid of operation, on finer ones,
and pfsspy with streamtracer, which follows lines in steps of half a radial cell over fields
averaged onto corners. The first is compared with each of the others.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from pipeline import corona, stages
from pipeline.core import CarringtonGrid
from pipeline.corona import reference
from pipeline.corona.field import Field
from pipeline.corona.holes import boundary_distance
from pipeline.corona.products import Recipe, derive
from pipeline.corona.source_surface import open_flux
from pipeline.scores.coronae import open_field_iou

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "archive"
GRID, RSS, NR = CarringtonGrid(360, 180), 2.5, 35
LAW = corona.law("schonfeld2022")
COLUMNS = (
    "open flux",
    "open area",
    "cells alike",
    "IoU",
    "wind correlation",
    "flux kept, this",
    "flux kept, other",
)
FINER = ((1, 100), (2, 100))  # cells in place of one, along either axis; radial cells


class Figures(NamedTuple):
    """One corona.

    flux : Mx, open
    opened : polarity of open cells
    speed : km/s, on the source surface
    kept : flux of the open cells over that of the source surface; lines lose none of it
    """

    flux: float
    opened: NDArray[np.int8]
    speed: NDArray[np.floating]
    kept: float


def own(br: NDArray[np.floating], finer: int, nr: int) -> Figures:
    """By this code, on a grid *finer* times that of the map."""
    grid = CarringtonGrid(GRID.nlon * finer, GRID.nlat * finer)
    fine = np.kron(br, np.ones((finer, finer)))
    field = corona.solve(corona.prepare(grid, RSS, nr), fine)
    one = derive(field, Recipe(RSS, nr))
    return Figures(one.open_flux, one.open_field, one.speed, kept(field, one.open_field))


def theirs(br: NDArray[np.floating]) -> Figures:
    """The same by pfsspy and streamtracer, with our relation of lines and wind."""
    field, output = reference.solve(br, GRID, RSS, NR)
    opened = reference.open_field(output, GRID, 1.0)
    top = field.br_source_surface
    down = -np.sign(top).astype(np.int8)
    lon, sine, height = reference.follow(output, GRID, np.log(RSS) - reference.BARELY, down)
    lost = ~(height < 0.5 * np.log(RSS))
    lon, lat = np.degrees(lon) % 360.0, np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))
    lon[lost] = np.nan
    row = np.clip((sine + 1.0) * 0.5 * GRID.nlat, 0, GRID.nlat - 1)
    column = np.nan_to_num(lon) / 360.0 * GRID.nlon
    foot = field.br[0][np.nan_to_num(row).astype(int), column.astype(int) % GRID.nlon]
    expansion = np.abs(foot) / (np.abs(top) * RSS**2)
    speed = LAW.speed(expansion, boundary_distance(opened, GRID, lon, lat))
    return Figures(open_flux(top, RSS), opened, speed, kept(field, opened))


def kept(field: Field, opened: NDArray[np.int8]) -> float:
    """Flux through the open cells over that through the source surface."""
    below = np.abs(field.br[0] * opened, dtype=np.float64).mean()
    return float(below / (np.abs(field.br_source_surface, dtype=np.float64).mean() * RSS**2))


def compared(one: Figures, other: Figures) -> tuple[float, ...]:
    """What :data:`COLUMNS` name."""
    finer = len(other.opened) // GRID.nlat
    opened = np.kron(one.opened, np.ones((finer, finer), np.int8))
    grid = CarringtonGrid(GRID.nlon * finer, GRID.nlat * finer)
    speed = grid.block_mean(other.speed, GRID)
    known = np.isfinite(speed)
    return (
        one.flux / other.flux,
        float((opened != 0).mean() / (other.opened != 0).mean()),
        float((opened == other.opened).mean()),
        open_field_iou(opened, other.opened),
        float(np.corrcoef(one.speed[known], speed[known])[0, 1]),
        one.kept,
        other.kept,
    )


def main(archive: Path) -> None:
    """Print one table of all maps."""
    table = Table(title=f"{GRID.nlon}x{GRID.nlat}x{NR} of this code over …")
    for column in ("GONG map", "other"):
        table.add_column(column)
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for path in sorted(archive.glob("gong.nso.edu/data/magmap/QR/bqs/*/*/*.fits.gz")):
        br = stages.read_map(path).br.astype(np.float64)
        usual = own(br, 1, NR)
        others = {f"{360 * n}x{180 * n}x{nr}": own(br, n, nr) for n, nr in FINER}
        others["pfsspy + streamtracer"] = theirs(br)
        for name, other in others.items():
            figures = compared(usual, other)
            table.add_row(path.name[5:11], name, *(f"{figure:.3f}" for figure in figures))
            print(path.name, name, figures, file=sys.stderr, flush=True)
    Console(width=100).print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ARCHIVE)
