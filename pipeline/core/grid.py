"""The grid on which everything global lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.core.geometry import CylindricalEqualArea, Floats

Cells = NDArray[np.intp]

R_SUN_CM = 6.957e10  # IAU 2015 Resolution B3 nominal solar radius


@dataclass(frozen=True, slots=True)
class CarringtonGrid:
    """Cells of equal area: Carrington longitude 0…360 ascending by sine latitude, row 0 south.

    Arrays on it have shape ``(nlat, nlon)``.
    """

    nlon: int = 720
    nlat: int = 360

    @property
    def shape(self) -> tuple[int, int]:
        return self.nlat, self.nlon

    @property
    def lon(self) -> Floats:
        """Carrington longitude of cell centres, deg, shape (nlon,)."""
        return (np.arange(self.nlon, dtype=np.float64) + 0.5) * (360.0 / self.nlon)

    @property
    def lon_edges(self) -> Floats:
        """Carrington longitude of cell edges, deg, shape (nlon + 1,)."""
        return np.arange(self.nlon + 1, dtype=np.float64) * (360.0 / self.nlon)

    @property
    def sin_lat(self) -> Floats:
        """Sine latitude of cell centres, shape (nlat,)."""
        return (np.arange(self.nlat, dtype=np.float64) + 0.5) * (2.0 / self.nlat) - 1.0

    @property
    def sin_lat_edges(self) -> Floats:
        """Sine latitude of cell edges, shape (nlat + 1,)."""
        return np.arange(self.nlat + 1, dtype=np.float64) * (2.0 / self.nlat) - 1.0

    @property
    def lat(self) -> Floats:
        """Latitude of cell centres (midway in sine latitude), deg, shape (nlat,)."""
        return np.degrees(np.arcsin(self.sin_lat))

    @property
    def cell_area(self) -> float:
        """Area of every cell at the photosphere, cm²."""
        return 4.0 * np.pi * R_SUN_CM**2 / (self.nlon * self.nlat)

    @property
    def geometry(self) -> CylindricalEqualArea:
        """The same grid as an image geometry."""
        return CylindricalEqualArea(
            x0=(self.nlon - 1) / 2,
            y0=(self.nlat - 1) / 2,
            dlon=360.0 / self.nlon,
            dsin=2.0 / self.nlat,
            lon=180.0,
        )

    def block_mean(self, field: NDArray[np.floating[Any]], coarse: CarringtonGrid) -> Floats:
        """Mean of *field* over the cells of a *coarse* grid that this one subdivides.

        Raises
        ------
        ValueError : the cells of *coarse* are not whole blocks of cells of this grid.
        """
        rows, columns = self.nlat // coarse.nlat, self.nlon // coarse.nlon
        blocks = np.asarray(field, np.float64).reshape(coarse.nlat, rows, coarse.nlon, columns)
        return np.asarray(blocks.mean(axis=(1, 3)))

    def cell(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Cells, Cells]:
        """Row and column of the cell that holds each place, given in deg; any longitude will do."""
        row = (np.sin(np.radians(lat)) + 1.0) * 0.5 * self.nlat
        column = np.asarray(lon, np.float64) / 360.0 * self.nlon
        return (
            np.asarray(row).astype(np.intp).clip(0, self.nlat - 1),
            np.floor(column).astype(np.intp) % self.nlon,
        )

    def mesh(self) -> tuple[Floats, Floats]:
        """Longitude and latitude of every cell centre, deg, each (nlat, nlon)."""
        lon, lat = np.meshgrid(self.lon, self.lat)
        return lon, lat
