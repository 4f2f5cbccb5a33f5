"""The angular eigenmodes of a grid: what a potential solve needs and no map can change.

Knows: the five-point Laplacian on the sphere in longitude and sine latitude, as pfsspy
discretises it (van Ballegooijen, Priest & Mackay 2000, ApJ 539, 983; Stansby, Yeates &
Badman 2020, JOSS 5, 2732). For every azimuthal order it is a symmetric tridiagonal matrix in
sine latitude, and alike in both hemispheres, so that its eigenvectors are even or odd and
half the rows suffice. Refuses to know: radii, maps, and where the files are kept.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal
from threadpoolctl import ThreadpoolController

from pipeline.core import BadRequest, CarringtonGrid

Floats = NDArray[np.float64]

# Matrices of a few hundred rows: more threads than one only wait for each other.
BLAS = ThreadpoolController()
VERSION = 1  # of the files; another layout or discretisation takes the next number


@dataclass(frozen=True, slots=True)
class Edges:
    """Width over distance of the edges between neighbouring cells of a grid.

    east : (nlat,), between neighbours in longitude
    north : (nlat + 1,), between neighbours in latitude; zero at the poles
    """

    east: Floats
    north: Floats

    @classmethod
    def of(cls, grid: CarringtonGrid) -> Edges:
        """Edges of *grid*."""
        dlon = 2.0 * np.pi / grid.nlon
        height = np.diff(np.arcsin(grid.sin_lat_edges))
        north = np.zeros(grid.nlat + 1)
        inner = np.sqrt(1.0 - grid.sin_lat_edges[1:-1] ** 2)
        north[1:-1] = inner * dlon / np.diff(np.arcsin(grid.sin_lat))
        return cls(height / (np.sqrt(1.0 - grid.sin_lat**2) * dlon), north)


@dataclass(frozen=True, slots=True, eq=False)
class AngularModes:
    """Eigenmodes of the angular Laplacian, by azimuthal order and parity about the equator.

    packed : (nlon // 2 + 1, 2, nlat / 2 + 1, nlat / 2) float64, perhaps mapped from a file:
        per order, even then odd; the columns of the first nlat / 2 rows are the eigenvectors
        on the southern rows of the grid, the last row holds their eigenvalues
    """

    grid: CarringtonGrid
    packed: Floats

    @property
    def vectors(self) -> Floats:
        """(order, parity, row, mode), orthonormal on one hemisphere."""
        return self.packed[:, :, :-1]

    @property
    def eigenvalues(self) -> Floats:
        """(order, parity, mode), ascending: l(l + 1) but for the grid."""
        return self.packed[:, :, -1]


def prepare_modes(grid: CarringtonGrid, cache: Path | None = None) -> AngularModes:
    """Eigenmodes of *grid*, read from the folder *cache* or computed and kept there.

    A second at 720×360, 190 MB; a file that is damaged or of another version is made anew,
    and a folder that cannot be written only costs that second the next time.

    Raises
    ------
    BadRequest : *grid* has an odd number of rows or too few cells.
    """
    if grid.nlat % 2 or grid.nlat < 4 or grid.nlon < 4:
        raise BadRequest(
            f"A map of {grid.nlon}x{grid.nlat} cells has no two equal hemispheres to solve "
            "together; regrid it to an even number of rows, at least 4."
        )
    if cache is None:
        return AngularModes(grid, _compute(grid))
    path = cache / f"pfss-modes-v{VERSION}-{grid.nlon}x{grid.nlat}.npy"
    packed = _load(path, grid)
    if packed is None:
        packed = _compute(grid)
        with suppress(OSError):
            _save(path, packed)
    return AngularModes(grid, packed)


def _shape(grid: CarringtonGrid) -> tuple[int, int, int, int]:
    return grid.nlon // 2 + 1, 2, grid.nlat // 2 + 1, grid.nlat // 2


def _compute(grid: CarringtonGrid) -> Floats:
    edges, half = Edges.of(grid), grid.nlat // 2
    cell = (2.0 / grid.nlat) * (2.0 * np.pi / grid.nlon)
    north, east = edges.north / cell, edges.east / cell
    packed = np.empty(_shape(grid))
    for order, per_parity in enumerate(packed):
        wave = 4.0 * np.sin(np.pi * order / grid.nlon) ** 2
        diagonal = (north[:-1] + north[1:] + east * wave)[:half]
        for sign, block in zip((1.0, -1.0), per_parity, strict=True):
            folded = diagonal.copy()
            folded[-1] -= sign * north[half]  # its neighbour across the equator is itself
            with BLAS.limit(limits=1, user_api="blas"):
                block[-1], block[:-1] = eigh_tridiagonal(folded, -north[1:half])
    return packed


def _load(path: Path, grid: CarringtonGrid) -> Floats | None:
    """The array in *path*, mapped into memory; None if it is not what it should be."""
    try:
        packed = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):  # absent, cut short, or another format
        return None
    return packed if packed.shape == _shape(grid) and packed.dtype == np.float64 else None


def _save(path: Path, packed: Floats) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            np.save(file, packed, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
