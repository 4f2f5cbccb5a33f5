"""A map against the maps of others, through the command line."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from small_sun import GRID, SUN, TIME, bipole, observed
from typer.testing import CliRunner, Result

from pipeline import publish
from pipeline.cli import app
from pipeline.core import earth
from pipeline.surface.rotation import rotate_field

PROVENANCE = publish.Provenance(TIME, "0123456789ab")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("product") / "map.nc"
    publish.write_synchronic(path, observed(SUN), PROVENANCE)
    return path


def adapt(path: Path, *fields: np.ndarray, hours: float = 0.0) -> Path:
    """Fields on GRID, (nlat, nlon), as realisations on rows of equal latitude."""
    rows = np.searchsorted(GRID.sin_lat_edges, np.sin(np.radians(np.arange(-89.5, 90.0)))) - 1
    stack = np.stack([np.repeat(field, 2, axis=1)[rows] for field in fields]).astype(np.float32)
    unit = fits.PrimaryHDU(stack)
    time = TIME + timedelta(hours=hours)
    unit.header.update({
        "MODEL": "ADAPT", "LNGTYPE": 0, "MISSING": -9999.0, "FLUXSCAL": 1.85,
        "MAPTIME": f"{time:%Y-%m-%dT%H:%M:%S}", "CRPIX1": 180.5, "CRPIX2": 90.5,
        "CDELT1": 1.0, "CDELT2": 1.0, "CRVAL1": 180.0, "CRVAL2": 0.0,
    })  # fmt: skip
    unit.writeto(path)
    return path


def frame(path: Path, field: np.ndarray) -> Path:
    """A daily synchronic frame as Stanford lays it out, with a gap at the south pole."""
    data = np.repeat(np.repeat(field, 2, axis=1), 2, axis=0).astype(np.float32)
    data[:4] = np.nan
    unit = fits.PrimaryHDU(data)
    content = "Carrington Synchronic Chart Of Br Field"
    unit.header.update({
        "TELESCOP": "SDO/HMI", "BUNIT": "Mx/cm^2", "CONTENT": content, "CTYPE1": "CRLN-CEA",
        "CTYPE2": "CRLT-CEA", "CUNIT2": "Sine Latitude", "CRPIX1": 0.5, "CRPIX2": 90.5,
        "CDELT1": -1.0, "CDELT2": 2 / 180, "CRVAL1": 720.0, "CRVAL2": 0.0,
        "T_OBS": f"{TIME + timedelta(seconds=35):%Y.%m.%d_%H:%M:%S}_TAI",
        "CALVER64": 0x10000000,
    })  # fmt: skip
    unit.writeto(path)
    return path


def score(*words: object) -> Result:
    return CliRunner().invoke(app, ["score", *map(str, words)])


def scored(*words: object) -> Any:
    result = score(*words, "--json")
    assert result.exit_code == 0, result.output
    table = json.loads(result.stdout, parse_constant=pytest.fail)
    return table, {row["sector"]: row for row in table["sectors"]}


def test_the_same_map_is_alike_everywhere(product: Path) -> None:
    table, sectors = scored(product, "--against", product)
    assert (table["peer"], table["peer_rotated_hours"]) == ("allsun", 0.0)
    for row in sectors.values():
        assert row["correlation"]["4"] == pytest.approx(1.0)
        assert row["slope"]["4"] == pytest.approx(1.0)
        assert row["unsigned_flux_ratio"] == pytest.approx(1.0)
        assert row["net_difference"] == pytest.approx(0.0, abs=1e-9)


def test_adapt_is_compared_by_its_mean_or_one_realisation(product: Path, tmp_path: Path) -> None:
    other = bipole(60, -10)
    peer = adapt(tmp_path / "adapt.fts", SUN / 2, SUN / 2 + 3.0 * other)
    table, sectors = scored(product, "--against", peer, "--realisation", 1)
    assert table["peer"] == "adapt"
    assert sectors["far"]["correlation"]["4"] > 0.99
    assert sectors["far"]["slope"]["4"] == pytest.approx(2.0, rel=0.02)
    assert sectors["far"]["unsigned_flux_ratio"] == pytest.approx(2.0, rel=0.02)
    _, mean = scored(product, "--against", peer)
    assert mean["near"]["correlation"]["4"] < 0.8 < sectors["near"]["correlation"]["4"]
    result = score(product, "--against", peer, "--realisation", 3)
    assert result.exit_code != 0
    assert "no realisation 3; give one of 1 to 2" in result.output


def test_a_peer_of_another_time_is_rotated_to_the_maps(product: Path, tmp_path: Path) -> None:
    hours = 48.0
    later = rotate_field(SUN.astype(np.float32), GRID, hours / 24.0)
    table, sectors = scored(product, "--against", adapt(tmp_path / "a.fts", later, hours=hours))
    assert table["peer_rotated_hours"] == -hours
    assert sectors["far"]["correlation"]["4"] > 0.99
    late = adapt(tmp_path / "b.fts", later, hours=100.0)
    result = score(product, "--against", late)
    assert result.exit_code != 0
    assert "4.2 days from the map; give one within 3 days" in result.output


def test_gaps_of_a_peer_are_left_out(product: Path, tmp_path: Path) -> None:
    holed = np.where(GRID.lat[:, np.newaxis] > 20.0, -9999.0, SUN)
    _, sectors = scored(product, "--against", adapt(tmp_path / "a.fts", holed))
    assert sectors["whole"]["area"] == pytest.approx((1 + np.sin(np.radians(20.0))) / 2, abs=0.01)
    assert sectors["whole"]["correlation"]["2"] > 0.98


def test_a_daily_synchronic_frame_is_compared(product: Path, tmp_path: Path) -> None:
    radial = frame(tmp_path / "hmi.Mrdailysynframe_720s_nrt.fits", SUN)
    _, sectors = scored(product, "--against", radial)
    assert sectors["whole"]["correlation"]["4"] > 0.98
    assert sectors["near"]["slope"]["4"] == pytest.approx(1.0, abs=0.05)
    assert sectors["whole"]["area"] < 1.0


def test_a_frame_of_the_line_of_sight_is_taken_as_radial(product: Path, tmp_path: Path) -> None:
    lon, lat = GRID.mesh()
    here = earth(TIME)
    west = (lon - here.carrington_longitude + 180.0) % 360.0 - 180.0
    # Seen from the Earth within 60° of the central meridian, elsewhere when it crossed it.
    distance = np.where(np.abs(west) <= 60.0, west, 0.0)
    b0 = np.radians(here.latitude)
    rise = np.sin(np.radians(lat)) * np.sin(b0)
    mu = rise + np.cos(np.radians(lat)) * np.cos(b0) * np.cos(np.radians(distance))
    sighted = frame(tmp_path / "hmi.Mldailysynframe_720s_nrt.fits", SUN * mu.clip(min=0.1))
    _, sectors = scored(product, "--against", sighted)
    for name in ("near", "far"):
        assert sectors[name]["correlation"]["4"] > 0.98
        assert sectors[name]["slope"]["4"] == pytest.approx(1.0, abs=0.06)


def test_the_text_for_people_has_every_sector(product: Path) -> None:
    text = score(product, "--against", product).output
    for sector in ("whole", "near", "far", "unseen", "poles"):
        assert sector in text


def test_a_map_is_needed(tmp_path: Path) -> None:
    assert "MAP with --against FILE" in score("--against", tmp_path / "x.fts").output
