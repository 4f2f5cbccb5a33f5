"""ADAPT's stacks of realisations, with the cards of the map of 2020-01-01."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from pipeline.archives import local
from pipeline.core import BadFile, CarringtonGrid, PlateCarree, Quantity
from pipeline.instruments import read, read_realisations
from pipeline.surface import first_guess
from pipeline.surface.regrid import regrid

CARDS = {
    "MISSING": -9999.0, "FLUXSCAL": 1.85, "MAPTIME": "2020-01-01T00:00:00", "MAPDATA": "GONG",
    "LNGTYPE": 0, "LATTYPE": 0, "MODEL": "ADAPT", "CTYPE1": "Long", "CTYPE2": "Lat",
    "CRPIX1": 180.5, "CRPIX2": 90.5, "CUNIT1": "deg", "CUNIT2": "deg", "CDELT1": 1.0,
    "CDELT2": 1.0, "CRVAL1": 180.0, "CRVAL2": 0.0,
}  # fmt: skip
FIELDS = np.random.default_rng(4).normal(0.0, 20.0, (3, 180, 360)).astype(np.float32)


def written(path: Path, fields: np.ndarray = FIELDS, **cards: object) -> Path:
    units = fits.HDUList([fits.PrimaryHDU(fields), fits.ImageHDU(np.ones((180, 360)))])
    units[0].header.update(CARDS | cards)
    units.writeto(path)
    return path


def test_every_realisation_is_read(tmp_path: Path) -> None:
    planes = read_realisations(local(written(tmp_path / "adapt.fts.gz")))
    assert np.array_equal(np.stack([plane.data for plane in planes]), FIELDS)
    observation = planes[0].observation
    assert (observation.instrument, observation.quantity) == ("adapt", Quantity.B_R)
    assert observation.time == datetime(2020, 1, 1, tzinfo=UTC)
    assert isinstance(planes[0].geometry, PlateCarree)
    lon, lat = planes[0].geometry.sphere([0, 359], [0, 179])
    assert np.allclose(lon, [0.5, 359.5])
    assert np.allclose(lat, [-89.5, 89.5])


def test_read_as_one_image_it_is_their_mean_without_gaps_taken_in(tmp_path: Path) -> None:
    fields = FIELDS.copy()
    fields[1, 0, :5] = -9999.0
    image = read(local(written(tmp_path / "adapt.fts", fields)))
    assert not image.mask[0, :5].any()
    assert image.mask[1:].all()
    assert np.allclose(image.data[1:], FIELDS[:, 1:].mean(axis=0), atol=1e-5)


def test_another_scaling_of_the_input_is_undone(tmp_path: Path) -> None:
    image = read(local(written(tmp_path / "adapt.fts", FLUXSCAL=1.0)))
    assert np.allclose(image.data, 1.85 * FIELDS.mean(axis=0), atol=1e-4)


def test_a_map_can_begin_from_it_and_keeps_its_flux(tmp_path: Path) -> None:
    grid = CarringtonGrid(180, 90)
    image = read(local(written(tmp_path / "adapt.fts")))
    state = first_guess(image, grid)
    # On HMI's scale: what GONG saw was multiplied by 1.85, and is .7 of what HMI sees.
    assert np.allclose(state.br, regrid(image, grid) / (1.85 * 0.7), atol=1e-3)


@pytest.mark.parametrize(
    ("cards", "problem"),
    [
        ({"MODEL": "OTHER"}, "no two-dimensional picture"),
        ({"LNGTYPE": 1}, "longitudes are not Carrington's"),
        ({"MAPTIME": ""}, "gives no time"),
        ({"CDELT1": -1.0}, "CDELT1 is -1"),
        ({"FLUXSCAL": 0.0}, "FLUXSCAL is 0"),
    ],
)
def test_what_cannot_be_placed_is_refused(
    tmp_path: Path, cards: dict[str, object], problem: str
) -> None:
    with pytest.raises(BadFile, match=problem):
        read(local(written(tmp_path / "adapt.fts", **cards)))


def test_other_files_have_one_realisation(tmp_path: Path) -> None:
    path = tmp_path / "other.fts"
    fits.PrimaryHDU(FIELDS[0]).writeto(path)
    with pytest.raises(BadFile, match="no known instrument wrote it"):
        read_realisations(local(path))
