"""Our solver and our lines beside pfsspy and streamtracer."""

import warnings
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pfsspy
import pytest
import sunpy.map
from astropy.io import fits
from multipoles import Mixture, apart, effective_top, rms, unit
from streamtracer import VectorGrid

from pipeline.core import CarringtonGrid
from pipeline.core.grid import R_SUN_CM
from pipeline.corona import Recipe, Solver, extrapolate, reference
from pipeline.corona.field import Field
from pipeline.corona.mapping import map_photosphere, map_source_surface
from pipeline.corona.potential import prepare, solve

RSS = 2.5
TIME = datetime(2014, 1, 31, tzinfo=UTC)
GRID, FULL = CarringtonGrid(180, 90), CarringtonGrid(360, 180)


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


def agreement(
    vectors: VectorGrid, field: Field, upward: int, count: int = 800, size: float = 0.2
) -> tuple[float, float]:
    """Parts of the lines alike, open or closed, and with ends within half a cell of each other.

    From the middle of *count* cells of the photosphere (*upward* 1) or the source surface (-1).
    """
    grid, rss = field.grid, field.shells.rss
    cells = np.random.default_rng(3).choice(grid.nlon * grid.nlat, count, replace=False)
    lon, lat, radius = reference.ends(vectors, field, upward, cells, size).T
    mapping = (map_photosphere if upward > 0 else map_source_surface)(field)
    through = (radius > np.sqrt(rss)) == (upward > 0)
    off = apart(
        unit(*(a.ravel()[cells].astype(float) for a in (mapping.lon, mapping.lat))), unit(lon, lat)
    )
    alike = through == (mapping.polarity.ravel()[cells] != 0)
    return float(alike.mean()), float((off < 0.5 * 360 / grid.nlon).mean())


@pytest.mark.parametrize("upward", [1, -1])
@pytest.mark.parametrize("give", ["averages", "staggered"])
def test_lines_agree_with_streamtracers_over_pfsspys_averages_and_over_our_field(
    give: str, upward: int
) -> None:
    operator = prepare(GRID, RSS, 35)
    br = Mixture.up_to(9, effective_top(operator.shells)).on(GRID)
    field, output = reference.solve(br, GRID, RSS, 35)
    averaged = give == "averages"
    vectors = reference.averages(output) if averaged else reference.staggered(field)
    alike, near = agreement(vectors, field, upward)
    assert alike >= 0.99
    assert near >= 0.95


@pytest.fixture(scope="module")
def real(real_archive: Path) -> tuple[Field, pfsspy.Output]:
    (path,) = real_archive.glob("gong.nso.edu/data/magmap/QR/bqs/202503/*/*.fits.gz")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Could not parse unit string")
        return reference.solve(fits.getdata(path).astype(float), FULL, RSS, 35)


@pytest.mark.parametrize("upward", [1, -1])
def test_lines_of_a_real_map_agree_with_streamtracers_over_our_field(
    real: tuple[Field, pfsspy.Output], upward: int
) -> None:
    field, _ = real
    alike, near = agreement(reference.staggered(field), field, upward)
    assert alike >= 0.99
    assert near >= 0.95


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
    flux = np.abs(expected).mean() * 4 * np.pi * (RSS * R_SUN_CM) ** 2
    for corona in (ours, theirs):
        assert np.abs(corona.br_source_surface - expected).max() < 1e-5 * rms(expected)
        assert corona.open_flux == pytest.approx(flux, rel=1e-6)
    assert ours.open_flux == pytest.approx(theirs.open_flux, rel=1e-6)
    # Rounding moves a line at a boundary from one side to the other.
    assert (ours.open_field == theirs.open_field).mean() > 0.9999
    traced = reference.open_field(reference.solve(br, grid, RSS, 35)[1], grid, 1.0)
    assert (ours.open_field == traced).mean() > 0.98
    assert "pfsspy 1" in theirs.solver
    assert "eigenmodes" in ours.solver
