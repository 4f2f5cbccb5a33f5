"""From a map, or an ensemble of maps, to the corona."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache as remember
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, Corona, Observer
from pipeline.core.corona import Sector
from pipeline.corona import reference
from pipeline.corona.current_sheet import Outflow, current_sheet, without_sheet
from pipeline.corona.ensemble import gather
from pipeline.corona.field import Field
from pipeline.corona.holes import coronal_holes
from pipeline.corona.mapping import open_fraction
from pipeline.corona.modes import VERSION, prepare_modes
from pipeline.corona.moments import moments
from pipeline.corona.pictured import pictured_lines
from pipeline.corona.potential import operator_at, solve
from pipeline.corona.products import Derived, Recipe, derive, wind_of
from pipeline.corona.products import Path as Course

Map = NDArray[np.floating]

USUAL = Recipe()
SMALLEST_HOLE = 1e-4  # of the solar surface: 6e8 km², a supergranule
OURS = f"eigenmodes {VERSION} on pfsspy's grid"
LINES = "lines exact in every cell"
# Nine lines to a cell give its open part: their flux is the source surface's to .3 % on GONG's
# maps, where one line misses it by up to 3 % and four by 1.2 %.
LINES_ACROSS = 3


def extrapolate(
    br: Map,
    grid: CarringtonGrid,
    time: datetime,
    recipe: Recipe = USUAL,
    *,
    members: Sequence[Map] = (),
    observers: Mapping[str, Observer] | None = None,
    path: Course = (),
    cache: Path | None = None,
) -> Corona:
    """Potential-field source-surface corona above the radial field *br*, and its products.

    br : gauss, (nlat, nlon) on *grid*
    members : maps that might as well be true; *br* alone if there are none. Member n takes
        the recipe's source-surface radius n of the spread, over and over.
    observers : whom to connect, by name; path : times and places of the Earth in days to come
    cache : folder that keeps what the solver prepares for the grid, or none

    Raises
    ------
    BadRequest : something in *recipe* is out of range, or a map is not finite everywhere.
    """
    field_above, top_of = _solver(grid, recipe, cache)
    chosen = recipe.source_surface_radius
    field = field_above(br, chosen)
    best = derive(field, top_of(field), recipe, observers, path)

    def each() -> Iterator[Derived]:
        maps, spread = members or (br,), recipe.spread or (chosen,)
        for n in range(max(len(maps), len(spread))):
            map_, rss = maps[n % len(maps)], spread[n % len(spread)]
            if map_ is br and rss == chosen:
                yield best
            else:
                other = field_above(map_, rss)
                yield derive(other, top_of(other), recipe, observers, path)

    ensemble, outward = gather(each(), grid)
    return Corona(
        time=time,
        grid=grid,
        open_field=best.open_field,
        open_fraction=open_fraction(field, recipe.start_radius, LINES_ACROSS),
        br_source_surface=best.br_source_surface,
        source_surface_radius=chosen,
        start_radius=recipe.start_radius,
        radial_cells=recipe.radial_cells,
        neutral_line=best.neutral_line,
        tilt=best.tilt,
        open_flux=best.open_flux,
        photosphere=moments(field.br[0], grid),
        source_surface=moments(field.br_source_surface, grid),
        holes=coronal_holes(best.open_field, field.br[0], grid, SMALLEST_HOLE),
        wind=wind_of(best, grid, recipe),
        observers=dict(observers or {}),
        connections=best.connections,
        sectors=tuple(
            Sector(when, polarity, float(part), speed)
            for (when, _), (polarity, speed), part in zip(path, best.sectors, outward, strict=True)
        ),
        ensemble=ensemble,
        solver=f"{OURS if recipe.solver == 'eigenmodes' else reference.describe()}, {LINES}",
        lines=pictured_lines(field),
    )


def _solver(
    grid: CarringtonGrid, recipe: Recipe, cache: Path | None
) -> tuple[Callable[[Map, float], Field], Callable[[Field], Outflow]]:
    """The field above a map up to a source surface, and what the wind leaves, by the recipe."""
    nr, sheet = recipe.radial_cells, recipe.current_sheet
    modes = remember(lambda: prepare_modes(grid, cache))
    operator = remember(lambda rss: operator_at(modes(), rss, nr))

    def field_above(br: Map, rss: float) -> Field:
        if recipe.solver == "pfsspy":
            return reference.solve(br, grid, rss, nr)[0]
        return solve(operator(rss), br)

    return field_above, lambda f: current_sheet(f, modes(), sheet) if sheet else without_sheet(f)
