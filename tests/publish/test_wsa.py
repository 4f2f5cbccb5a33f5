"""The WSA file through the eyes of its users: astropy, sunpy and pfsspy."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import astropy.units as u
import numpy as np
import pfsspy
import pytest
import sunpy.map
from astropy.io import fits

from pipeline.core import CarringtonGrid, GlobalMap, earth
from pipeline.publish.provenance import Provenance
from pipeline.publish.wsa import LAYOUT, area_mean, write_wsa

MakeMap = Callable[[CarringtonGrid], GlobalMap]


@pytest.fixture(scope="module")
def fine(make_map: MakeMap) -> GlobalMap:
    return make_map(CarringtonGrid(720, 360))


@pytest.fixture(scope="module")
def written(
    fine: GlobalMap, provenance: Provenance, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("wsa") / "map.fits"
    write_wsa(path, fine, provenance)
    return path


@pytest.mark.parametrize("shape", [(360, 720), (180, 360), (36, 72), (270, 480)])
def test_the_average_keeps_flux_and_structure(shape: tuple[int, int], make_map: MakeMap) -> None:
    nlat, nlon = shape
    br = make_map(CarringtonGrid(nlon, nlat)).br
    mean = area_mean(br)
    assert mean.shape == (180, 360)
    assert mean.mean(dtype=np.float64) == pytest.approx(br.mean(dtype=np.float64), abs=1e-6)
    for quarter in range(4):  # each block of a common division keeps its own flux
        rows, columns = slice(0, nlat // 18), slice(quarter * nlon // 4, (quarter + 1) * nlon // 4)
        ours = mean[:10, quarter * 90 : (quarter + 1) * 90].mean(dtype=np.float64)
        assert ours == pytest.approx(br[rows, columns].mean(dtype=np.float64), abs=1e-6)


def test_sunpy_places_every_pixel_where_the_grid_does(written: Path, fine: GlobalMap) -> None:
    seen = sunpy.map.Map(written)
    grid = CarringtonGrid(360, 180)
    x, y = np.meshgrid([0, 100, 359], [0, 90, 179])
    world = seen.pixel_to_world(x * u.pix, y * u.pix)
    np.testing.assert_allclose(world.lon.deg % 360, grid.lon[x], atol=1e-6)
    np.testing.assert_allclose(world.lat.deg, grid.lat[y], atol=1e-3)
    assert seen.date.isot == "2014-01-31T00:00:00.000"
    assert seen.unit == u.G
    np.testing.assert_array_equal(seen.data, area_mean(fine.br))


def test_pfsspy_solves_on_it(written: Path, fine: GlobalMap) -> None:
    with warnings.catch_warnings():
        # pfsspy objects to the unit "Gauss", which every GONG file carries.
        warnings.filterwarnings("ignore", "Could not parse unit string", UserWarning)
        solution = pfsspy.pfss(pfsspy.Input(sunpy.map.Map(written), 5, 2.5))
        surface = np.asarray(solution.bc[0][:, :, -1]).T
    assert surface.shape == (180, 360)
    assert np.isfinite(surface).all()
    assert surface[-1].mean() > 0 > surface[0].mean()  # the dipole's sign, north up


def test_rotation_numbers_agree_with_the_earths_longitude(written: Path, fine: GlobalMap) -> None:
    header = fits.getheader(written)
    longitude = (header["CREDGE"] - header["CRNOW"]) * 360 + header["MAPEDGE"]
    assert longitude == pytest.approx(earth(fine.time).carrington_longitude, abs=0.1)


def test_a_real_gong_map_has_the_same_layout(real_archive: Path, written: Path) -> None:
    ours = fits.getheader(written)
    theirs = fits.getheader(real_archive / "extra/gong_synoptic/cr2048.fits.gz")
    differing = {
        key
        for key, value, _ in LAYOUT
        if key in theirs
        and not (
            theirs[key] == pytest.approx(value, abs=1e-6)
            if isinstance(value, float | int)
            else str(theirs[key]).upper() == value.upper()
        )
    }
    assert not differing
    for key in ("CREDGE", "CRCENTER", "CR60"):
        assert theirs[key] - theirs["CAR_ROT"] == pytest.approx(ours[key] - ours["CAR_ROT"])


def test_the_header_names_inputs_and_simulation(
    tmp_path: Path, sky: GlobalMap, provenance: Provenance
) -> None:
    write_wsa(tmp_path / "map.fits", replace(sky, simulated=True), provenance)
    header = fits.getheader(tmp_path / "map.fits")
    assert header["TELESCOP"].startswith("SIMULATED")
    assert header["SIMULATE"] is True
    comments = "".join(header["COMMENT"])
    assert sky.inputs[0].file.url in comments
    assert sky.inputs[0].file.sha256 in comments
    assert "GONG absent." in comments


def test_a_note_beyond_ascii_does_not_keep_the_map_back(
    tmp_path: Path, sky: GlobalMap, provenance: Provenance
) -> None:
    write_wsa(tmp_path / "map.fits", replace(sky, notes=("/home/jörg/a.fits\nbroke",)), provenance)
    assert "/home/j?rg/a.fits?broke" in "".join(fits.getheader(tmp_path / "map.fits")["COMMENT"])
