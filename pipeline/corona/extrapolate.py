"""From a map to a corona, by the solver of one's choice."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, Corona
from pipeline.corona import reference
from pipeline.corona.field import Field
from pipeline.corona.mapping import map_photosphere
from pipeline.corona.modes import VERSION
from pipeline.corona.potential import prepare, solve
from pipeline.corona.source_surface import neutral_line, open_flux

Solver = Literal["eigenmodes", "pfsspy"]


def extrapolate(
    br: NDArray[np.floating],
    grid: CarringtonGrid,
    time: datetime,
    rss: float,
    nr: int,
    *,
    solver: Solver = "eigenmodes",
    start_radius: float = 1.0,
    cache: Path | None = None,
) -> Corona:
    """Potential-field source-surface corona above the radial field *br*.

    br : gauss, (nlat, nlon) on *grid*; rss : source-surface radius in solar radii;
    nr : radial cells between the two surfaces (uniform in the logarithm of the radius)
    solver : ``eigenmodes`` is our own, ``pfsspy`` the reference, with the same field and
        slower, coarser lines
    start_radius : where field lines begin, solar radii: 1, or WSA's 1.01
    cache : folder that keeps what our solver prepares for the grid, or none

    Raises
    ------
    BadRequest : *rss*, *nr* or *start_radius* is out of range, or *br* is not finite
        everywhere.
    """
    if solver == "pfsspy":
        field, output = reference.solve(br, grid, rss, nr)
        open_field = reference.open_field(output, grid, start_radius)
        return corona_of(field, open_field, time, reference.describe())
    field = solve(prepare(grid, rss, nr, cache), br)
    return corona_of(field, map_photosphere(field, start_radius).polarity, time, OURS)


OURS = f"eigenmodes {VERSION} on pfsspy's grid, lines exact in every cell"


def corona_of(field: Field, open_field: NDArray[np.int8], time: datetime, solver: str) -> Corona:
    top, rss = field.br_source_surface, field.shells.rss
    return Corona(
        time=time,
        grid=field.grid,
        open_field=open_field,
        br_source_surface=top,
        source_surface_radius=rss,
        radial_cells=field.shells.nr,
        neutral_line=neutral_line(top, field.grid),
        open_flux=open_flux(top, rss),
        solver=solver,
    )
