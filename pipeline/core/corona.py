"""The nouns of the corona: what follows from a map, for one field and for an ensemble of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from pipeline.core.geometry import Floats, Observer
from pipeline.core.grid import CarringtonGrid

Maps = NDArray[np.float32]
Curves = tuple[Floats, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Coefficients of B_r in real spherical harmonics whose mean square on the sphere is one.

    Without the Condon-Shortley phase: the harmonic (1, 1) is positive at longitude 0.

    coefficients : (L + 1, 2 L + 1), gauss; [l, L + m] for degree l and order m, which is
        negative for sines and positive for cosines; NaN where m exceeds l
    """

    coefficients: Floats

    @property
    def degrees(self) -> int:
        """The highest degree L."""
        return len(self.coefficients) - 1

    @property
    def strength(self) -> Floats:
        """Root mean square field of every degree, gauss, (L + 1,)."""
        return np.asarray(np.sqrt(np.nansum(self.coefficients**2, axis=1)))

    @property
    def dipole(self) -> tuple[float, float, float]:
        """Field of the dipole at its pole (gauss), and longitude and latitude (deg) of that."""
        middle = self.degrees
        sine, axial, cosine = self.coefficients[1, middle - 1 : middle + 2] * np.sqrt(3.0)
        equatorial = np.hypot(sine, cosine)
        return (
            float(np.hypot(equatorial, axial)),
            float(np.degrees(np.arctan2(sine, cosine)) % 360.0),
            float(np.degrees(np.arctan2(axial, equatorial))),
        )


@dataclass(frozen=True, slots=True)
class CoronalHole:
    """A connected region of open field of one polarity.

    polarity : 1 or -1
    lon, lat : deg, of its centre of area
    area : part of the solar surface, 0 to 1
    flux : signed, Mx
    """

    polarity: int
    lon: float
    lat: float
    area: float
    flux: float


@dataclass(frozen=True, slots=True)
class Connection:
    """The wind at an observer, traced back to where it came from.

    source_lon, source_lat : deg, on the source surface
    lon, lat : deg, of the foot point on the photosphere; NaN where there is no field
    polarity : sign of the radial field, 1 or -1; 0 where there is none
    speed : km/s
    """

    source_lon: float
    source_lat: float
    lon: float
    lat: float
    polarity: int
    speed: float


@dataclass(frozen=True, slots=True)
class Sector:
    """The wind that the Earth will meet.

    polarity : sign of its radial field; 0 where there is none
    outward : part of the members in which the field points away from the Sun
    speed : km/s, where it left the source surface
    """

    time: datetime
    polarity: int
    outward: float
    speed: float


@dataclass(frozen=True, slots=True, eq=False)
class Wind:
    """Lines from every cell of the source surface and the wind along them, (nlat, nlon) each.

    expansion_factor : r² B at the foot over r² B on the source surface; NaN without field
    foot_lon, foot_lat : deg, where the line comes down
    coronal_hole_distance : deg, of the foot from the nearest coronal-hole boundary
    speed, speed_21_5, speed_1au : km/s, on the source surface, at 21.5 solar radii, at 1 AU
    expansion : ``radial`` or ``total``: the B of the expansion factor
    law : name of the relation between these and speed, and formula its coefficients in words
    outflow_radius : solar radii, of the sphere that it leaves: the source surface, or where a
        current sheet above it ends; br_outflow : gauss, there
    """

    expansion_factor: Maps
    foot_lon: Maps
    foot_lat: Maps
    coronal_hole_distance: Maps
    speed: Maps
    speed_21_5: Maps
    speed_1au: Maps
    expansion: str
    law: str
    formula: str
    outflow_radius: float
    br_outflow: Maps


@dataclass(frozen=True, slots=True)
class Member:
    """One corona of an ensemble.

    open_flux : Mx; tilt : deg; connections : by observer
    """

    source_surface_radius: float
    open_flux: float
    tilt: float
    connections: Mapping[str, Connection]


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """What members, which differ in map or source surface, agree on; maps are (nlat, nlon).

    open_probability : part of the members in which a photospheric cell is open
    outward_probability : part in which the field on the source surface points outward
    wind_speed_spread : standard deviation on the source surface, km/s
    footpoint_probability : by observer, part of the members that connect it to a cell
    """

    members: tuple[Member, ...]
    open_probability: Maps
    outward_probability: Maps
    wind_speed_spread: Maps
    footpoint_probability: Mapping[str, Maps]


@dataclass(frozen=True, slots=True, eq=False)
class ObservedHoles:
    """Coronal holes on a picture of the Sun, carried to the time of a map; (nlat, nlon) each.

    time, picture : of the exposure, and instrument and wavelength
    holes : cells that lie in one; looked : cells in which one would be seen
    """

    time: datetime
    picture: str
    holes: NDArray[np.bool_]
    looked: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class HoleScore:
    """Open field and observed holes where a picture was looked at.

    overlap : area of both over that of either (intersection over union)
    observed_area, open_area : of the solar surface
    observed_flux, open_flux : net flux of all of them by polarity, unsigned, Mx, from the map
    unipolarity : of the observed holes: net over unsigned flux, area by area; near 0 means that
        they are no holes, or that the map is wrong there
    """

    overlap: float
    observed_area: float
    open_area: float
    observed_flux: float
    open_flux: float
    unipolarity: float


@dataclass(frozen=True, slots=True, eq=False)
class Corona:
    """The potential-field source-surface corona above a map, and what is derived from it.

    open_field : int8 (nlat, nlon), polarity of open photospheric cells, 0 where closed: of the
        line from the middle of the cell
    open_fraction : float32 (nlat, nlon), part of every photospheric cell that is open; weighted
        with it, the field of the photosphere gives the open flux
    br_source_surface : float32 (nlat, nlon), gauss
    source_surface_radius, start_radius : in solar radii; of the source surface, and where field
        lines begin
    neutral_line : curves of zero field on the source surface, each (n, 2): lon, lat in deg
    tilt : of the neutral line, deg; NaN if there is none
    open_flux : unsigned, Mx
    photosphere, source_surface : multipole moments of the radial field
    holes : coronal holes, the largest first
    observers, connections : by name
    sectors : the days to come at the Earth
    solver : what computed it, for the record
    lines : some field lines to draw, each (n, 3): lon, lat in deg and radius in solar radii,
        along the field from end to end; products do not keep them
    observed, hole_score : coronal holes of a picture of the same day, if there was one, and how
        the open field fares beside them; products keep the figures
    """

    time: datetime
    grid: CarringtonGrid
    open_field: NDArray[np.int8]
    open_fraction: Maps
    br_source_surface: Maps
    source_surface_radius: float
    start_radius: float
    radial_cells: int
    neutral_line: Curves
    tilt: float
    open_flux: float
    photosphere: Moments
    source_surface: Moments
    holes: tuple[CoronalHole, ...]
    wind: Wind
    observers: Mapping[str, Observer]
    connections: Mapping[str, Connection]
    sectors: tuple[Sector, ...]
    ensemble: Ensemble
    solver: str
    lines: Curves = ()
    observed: ObservedHoles | None = None
    hole_score: HoleScore | None = None
