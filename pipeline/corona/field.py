"""A magnetic field on the faces of a staggered grid between the photosphere and a top.

Knows: where its three components live and how large the faces are. Refuses to know: how
the field was found and where its lines lead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shells:
    """Cells of a corona: those of *grid*, *nr* times over, uniform in the logarithm of radius.

    rss : radius of the top, the source surface, in solar radii
    """

    grid: CarringtonGrid
    nr: int
    rss: float

    @property
    def step(self) -> float:
        """Height of a cell in the logarithm of the radius."""
        return float(np.log(self.rss)) / self.nr

    @property
    def log_r(self) -> Floats:
        """Logarithm of the radius of the faces between shells, (nr + 1,)."""
        return np.linspace(0.0, np.log(self.rss), self.nr + 1)

    @property
    def radial_area(self) -> Floats:
        """Area of a cell's lower or upper face, squared solar radii, (nr + 1,)."""
        return np.exp(2.0 * self.log_r) * (4.0 * np.pi / (self.grid.nlon * self.grid.nlat))

    @property
    def upright_area(self) -> Floats:
        """Area of an upright face one radian long, squared solar radii, (nr,)."""
        return np.asarray(np.diff(np.exp(2.0 * self.log_r)) / 2.0)

    @property
    def east_length(self) -> Floats:
        """Length in latitude of the faces between neighbours in longitude, rad, (nlat,)."""
        return np.diff(np.arcsin(self.grid.sin_lat_edges))

    @property
    def north_length(self) -> Floats:
        """Length in longitude of the faces between neighbours in latitude, rad, (nlat + 1,)."""
        parallel = np.sqrt(np.clip(1.0 - self.grid.sin_lat_edges**2, 0.0, None))
        return np.asarray(parallel * 2.0 * np.pi / self.grid.nlon)


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A magnetic field, gauss, float32, each component on the faces that it crosses.

    br : (nr + 1, nlat, nlon), outward, on the faces between shells; ``br[0]`` is the photosphere
    b_east : (nr, nlat, nlon), eastward, on the western face of every cell
    b_north : (nr, nlat + 1, nlon), northward, on the southern faces, and those at the pole
    """

    shells: Shells
    br: NDArray[np.float32]
    b_east: NDArray[np.float32]
    b_north: NDArray[np.float32]

    @property
    def grid(self) -> CarringtonGrid:
        return self.shells.grid

    @property
    def br_source_surface(self) -> NDArray[np.float32]:
        """Radial field at the top, (nlat, nlon)."""
        top: NDArray[np.float32] = self.br[-1]
        return top
