"""Maps of others: to begin a cold start from, or one realisation of them."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from small_archive import small_settings
from small_archive import small_sun as sun_about

from pipeline.acts import intake, peers
from pipeline.archives import Fetcher, Found, Ledger
from pipeline.core import BadFile, BadRequest, CarringtonGrid, GlobalMap, Source, parse_utc

BEGIN = parse_utc("2014-05-20T12:00Z")
DEGREE = CarringtonGrid(360, 180)
FIELD = CarringtonGrid(720, 360).block_mean(sun_about(100.0), DEGREE)


def adapt(path: Path, *fields: np.ndarray) -> Path:
    """Fields on DEGREE as realisations on rows of equal latitude, as GONG's ADAPT scales them."""
    rows = np.searchsorted(DEGREE.sin_lat_edges, np.sin(np.radians(np.arange(-89.5, 90.0)))) - 1
    unit = fits.PrimaryHDU(np.stack([0.7 * 1.85 * f[rows] for f in fields]).astype(np.float32))
    unit.header.update({
        "MODEL": "ADAPT", "LNGTYPE": 0, "MISSING": -9999.0, "FLUXSCAL": 1.85,
        "MAPTIME": f"{BEGIN - timedelta(hours=2):%Y-%m-%dT%H:%M:%S}", "CRPIX1": 180.5,
        "CRPIX2": 90.5, "CDELT1": 1.0, "CDELT2": 1.0, "CRVAL1": 180.0, "CRVAL2": 0.0,
    })  # fmt: skip
    unit.writeto(path)
    return path


def begun(path: Path, folder: Path) -> tuple[GlobalMap, Found]:
    """The map that a cold start begins from when *path* is named."""
    (folder / "archive").mkdir(exist_ok=True)
    settings = small_settings(folder / "archive", folder / "data", begin_from=path)
    ledger = Ledger(f"sqlite:///{folder}/ledger.sqlite")
    with Fetcher(folder / "cache", ledger, str(folder / "archive")) as fetcher:
        guess = intake.first_guess(fetcher, BEGIN, settings)
    ledger.close()
    return intake.begin_from(guess, BEGIN, settings, []), guess


def test_a_cold_start_begins_from_the_named_map_on_hmis_scale(tmp_path: Path) -> None:
    path = adapt(tmp_path / "adapt.fts", FIELD, FIELD)
    state, guess = begun(path, tmp_path)
    assert [fetched.file.path for fetched in guess.files] == [path]
    assert state.time == BEGIN - timedelta(hours=2)
    assert np.corrcoef(state.br.ravel(), FIELD.ravel())[0, 1] > 0.99
    assert np.abs(state.br).mean() == pytest.approx(np.abs(FIELD).mean(), rel=0.03)
    assert set(np.unique(state.source)) == {Source.TRANSPORTED, Source.GONG}
    assert state.inputs[0].instrument == "adapt"


def test_a_named_map_that_cannot_be_used_ends_the_cycle(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"none\.fts: does not exist"):
        begun(tmp_path / "none.fts", tmp_path)
    holed = FIELD.copy()
    holed[90, 3] = -9999.0 / (0.7 * 1.85)
    with pytest.raises(BadFile, match="gaps that are not at a pole"):
        begun(adapt(tmp_path / "holed.fts", holed), tmp_path)


def test_one_realisation_is_chosen_by_number(tmp_path: Path) -> None:
    path = adapt(tmp_path / "adapt.fts", FIELD, -FIELD)
    first, second = (peers.read(path, DEGREE, n).br for n in (1, 2))
    assert np.allclose(first, -second)
    assert np.allclose(peers.read(path, DEGREE).br, 0.0)
    with pytest.raises(BadRequest, match=r"no realisation 0; give one of 1 to 2"):
        peers.choose(path, 0)
