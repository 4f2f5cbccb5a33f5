"""Our solver and our lines beside pfsspy and streamtracer."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pfsspy
import pytest
import sunpy.map
from astropy.io import fits
from multipoles import Mixture, apart, effective_top, rms, unit
from pfsspy.tracing import FortranTracer
from streamtracer import StreamTracer

from pipeline.core import CarringtonGrid
from pipeline.corona import Recipe, Solver, extrapolate, reference
from pipeline.corona.field import Field
from pipeline.corona.mapping import map_photosphere, map_source_surface
from pipeline.corona.potential import prepare, solve

RSS = 2.5
TIME = datetime(2014, 1, 31, tzinfo=UTC)
GRID = CarringtonGrid(180, 90)


@pytest.mark.parametrize(("nlon", "nr"), [(360, 35), (720, 50)])
def test_every_component_is_pfsspys(nlon: int, nr: int) -> None:
    grid = CarringtonGrid(nlon, nlon // 2)
    noise = np.random.default_rng(0).normal(3.0, 20.0, grid.shape)
    br = Mixture.up_to(5, RSS).on(grid) + noise
    field, (theirs, _) = solve(prepare(grid, RSS, nr), br), reference.solve(br, grid, RSS, nr)
    # The tangential field of the uppermost layer is zero; on the poles pfsspy has other values.
    for a, b in (
        (field.br, theirs.br),
        (field.b_east[:-1], theirs.b_east[:-1]),
        (field.b_north[:-1, 1:-1], theirs.b_north[:-1, 1:-1]),
    ):
        assert rms(a - b) < 1e-6 * rms(b)
        assert rms(a[-1] - b[-1]) < 1e-6 * rms(b[-1])
    assert not field.b_east[-1].any()
    assert not field.b_north[-1].any()


def streamtracers(field: Field, upward: int, cells: np.ndarray) -> np.ndarray:
    """Ends of the lines from *cells* by streamtracer over pfsspy's averages, (n, 3).

    By tenths of a radial cell, and on to the surface in a straight line; pfsspy's tangential
    field at the source surface, which has the wrong sign, is set to zero.
    """
    grid, shells = field.grid, field.shells
    _, output = reference.solve(field.br[0], grid, shells.rss, shells.nr)
    vectors = FortranTracer.vector_grid(output)
    vectors.vectors[:, :, -1, :2] = 0.0
    top = np.log(shells.rss)
    rows, columns = np.divmod(cells, grid.nlon)
    height = np.full(cells.size, 1e-7 if upward > 0 else top - 1e-7)
    seeds = np.stack([np.radians(grid.lon[columns]), grid.sin_lat[rows], height], axis=1)
    signs = np.sign(field.br[0 if upward > 0 else -1][rows, columns])
    tracer = StreamTracer(8000, 0.1 * shells.step)
    ends = np.full((cells.size, 3), np.nan)
    for sign in (-1, 1):
        for some in np.array_split(np.flatnonzero(signs == sign), 4):
            tracer.trace(seeds[some], vectors, direction=sign * upward)
            for n, line in zip(some, tracer.xs, strict=True):
                ends[n] = onward(line, top)
    return ends


def onward(line: np.ndarray, top: float) -> np.ndarray:
    """The end of a line, moved along its last step to the surface that it is about to cross."""
    step = line[-1] - line[-2] if len(line) > 1 else np.zeros(3)
    step[0] = (step[0] + np.pi) % (2 * np.pi) - np.pi
    goal = top if step[2] > 0 else 0.0
    part = (goal - line[-1, 2]) / step[2] if step[2] else 0.0
    return line[-1] + min(part, 1.2) * step


def test_lines_agree_with_streamtracers() -> None:
    """As far as those go: from the photosphere they miss the closed form more often than ours."""
    operator = prepare(GRID, RSS, 35)
    field = solve(operator, Mixture.up_to(9, effective_top(operator.shells)).on(GRID))
    cells = np.random.default_rng(3).choice(GRID.nlon * GRID.nlat, 800, replace=False)
    for upward, mapping, near in (
        (1, map_photosphere(field), 0.8),
        (-1, map_source_surface(field), 0.95),
    ):
        ends = streamtracers(field, upward, cells)
        reached = (ends[:, 2] > np.log(RSS) / 2) == (upward > 0)
        assert (reached == (mapping.polarity.ravel()[cells] != 0)).mean() > 0.99
        ours = unit(mapping.lon.ravel()[cells], mapping.lat.ravel()[cells])
        theirs = unit(np.degrees(ends[:, 0]), np.degrees(np.arcsin(np.clip(ends[:, 1], -1, 1))))
        assert (apart(ours, theirs) < 0.5 * 360 / GRID.nlon).mean() > near


@pytest.mark.filterwarnings("ignore:Could not parse unit string")  # GONG writes 'Gauss'
def test_both_solvers_give_pfsspys_own_corona_of_a_real_gong_map(real_archive: Path) -> None:
    (path,) = real_archive.glob("gong.nso.edu/data/magmap/QR/bqs/202503/*/*.fits.gz")
    own = pfsspy.pfss(pfsspy.Input(sunpy.map.Map(path), 35, RSS))
    data, left = fits.getdata(path), fits.getheader(path)["LONG0"]
    # pfsspy keeps the columns of the file; ours begin at longitude 0.
    br, grid = np.roll(data, left, axis=1), CarringtonGrid(360, 180)
    expected = np.roll(own.source_surface_br.data, left, axis=1)
    solvers: tuple[Solver, ...] = ("eigenmodes", "pfsspy")
    ours, theirs = (
        extrapolate(br, grid, TIME, Recipe(RSS, 35, (RSS,), solver=solver)) for solver in solvers
    )
    for corona in (ours, theirs):
        assert np.abs(corona.br_source_surface - expected).max() < 1e-5 * rms(expected)
    assert ours.open_flux == pytest.approx(theirs.open_flux, rel=1e-6)
    # Rounding moves a line at a boundary from one side to the other.
    assert (ours.open_field == theirs.open_field).mean() > 0.9999
    traced = reference.open_field(reference.solve(br, grid, RSS, 35)[1], grid, 1.0)
    assert (ours.open_field == traced).mean() > 0.98
    assert "pfsspy 1" in theirs.solver
    assert "eigenmodes" in ours.solver
