"""Everything wrong with a file ends in one sentence that names it and a remedy."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_files import back, edit

from pipeline.core import BadFile


def complaint(path: Path) -> str:
    """The one sentence about a file that cannot be used."""
    with pytest.raises(BadFile) as caught:
        back(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: ")
    assert sentence.endswith(f"; {caught.value.remedy}.")
    assert "\n" not in sentence
    return sentence


def test_a_missing_file(tmp_path: Path) -> None:
    assert "there is no such file; check the path" in complaint(tmp_path / "absent.fits")


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "the file is empty": lambda _: b"",
    "truncated": lambda good: good[: len(good) * 2 // 3],
    "No SIMPLE card": lambda _: b"<html><title>429 Too Many Requests</title></html>" * 100,
    "Empty or corrupt FITS file": lambda good: gzip.compress(good)[:-2000],
    "cannot be read as FITS": lambda good: good[:80] + bytes(len(good) - 80),
}


@pytest.mark.parametrize("words", DAMAGE)
def test_a_damaged_file(synoptic: Path, words: str) -> None:
    synoptic.write_bytes(DAMAGE[words](synoptic.read_bytes()))
    assert words in complaint(synoptic)


def test_a_cube_and_a_table_hold_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "adapt.fts"
    fits.PrimaryHDU(np.zeros((12, 180, 360), np.float32)).writeto(path)
    assert "no two-dimensional picture; give another file" in complaint(path)


def test_a_picture_of_nobody(tmp_path: Path) -> None:
    path = tmp_path / "cat.fits"
    fits.PrimaryHDU(np.zeros((50, 50), np.float32)).writeto(path)
    assert "no known instrument wrote it" in complaint(path)


@pytest.mark.parametrize("kind", ["hmi", "gong", "synoptic", "aia", "euvi"])
def test_nothing_but_blanks(request: pytest.FixtureRequest, kind: str) -> None:
    path = edit(request.getfixturevalue(kind), lambda data: np.full_like(data, np.nan))
    assert "no pixel holds a measurement" in complaint(path)


@pytest.mark.parametrize(
    ("kind", "cards", "words"),
    [
        ("hmi", {"BUNIT": "m/s"}, "its unit is 'm/s', not gauss"),
        ("synoptic", {"BUNIT": "Tesla"}, "its unit is 'Tesla', not gauss"),
        ("euvi", {"BUNIT": "photons"}, "its unit is 'photons', not dn"),
        ("hmi", {"CDELT1": -16.0}, "flipped or stretched"),
        ("hmi", {"CROTA2": 0.0}, "mounted at 180"),
        ("aia", {"CROTA2": 90.0}, "north up"),
        ("gong", {"P_ANGLE": 180.0}, "north is not up"),
        ("euvi", {"RECTIFY": False}, "north is not up"),
        ("hmi", {"CRPIX1": 5000.0}, "in a frame of 128 by 128"),
        ("hmi", {"CRPIX1": "nan"}, "CRPIX1 is 'nan', not a number"),
        ("hmi", {"CRLT_OBS": None}, "the header has no CRLT_OBS"),
        ("hmi", {"CRLT_OBS": 70.0}, "the observer's latitude is 70 deg"),
        ("hmi", {"RSUN_OBS": 0.0}, "RSUN_OBS is 0"),
        ("hmi", {"DSUN_OBS": 1.0}, "belong to no Sun"),
        ("gong", {"FNDLMBMA": 0.0, "FNDLMBMI": 0.0}, "a disk of 0.0 px"),
        ("gong", {"FILLED": 1}, "placeholder"),
        ("gong", {"IMTYPE": "VELOCITY"}, "no magnetogram"),
        ("hmi", {"T_OBS": "MISSING"}, "'MISSING' is not a time"),
        ("hmi", {"T_OBS": "0001.01.01_00:00:00_TAI"}, "not a time at which"),
        ("synoptic", {"DATE_OBS": "someday"}, "is not a time"),
        ("synoptic", {"CDELT1": 2.0}, "fit on no sphere"),
        ("synoptic", {"CTYPE2": "CRLT-CAR"}, "not an equal-area map"),
        ("aia", {"WAVELNTH": 4500}, "4500 Å is no coronal channel"),
        ("aia", {"EXPTIME": 0.0}, "EXPTIME is 0"),
        ("euvi", {"NMISSING": 2}, "2 blocks of it were lost"),
        ("euvi", {"FILTER": "DBL"}, "its filter is 'DBL'"),
        ("euvi", {"IPSUM": 3.0}, "darkest counts are about 725 where the bias should be 11600"),
        (
            "euvi",
            {"BIASMEAN": 9000.0},
            "darkest counts are about 725 where the bias should be 9000",
        ),
    ],
)
def test_a_header_that_cannot_be_right(
    request: pytest.FixtureRequest, kind: str, cards: dict[str, object], words: str
) -> None:
    assert words in complaint(edit(request.getfixturevalue(kind), **cards))


@pytest.mark.parametrize("kind", ["hmi", "gong"])
@pytest.mark.parametrize("turn", [np.flipud, np.fliplr, lambda data: np.rot90(data, 2)])
def test_a_flipped_disk_betrays_itself_by_its_place(
    request: pytest.FixtureRequest, kind: str, turn: Callable[[np.ndarray], np.ndarray]
) -> None:
    path = request.getfixturevalue(kind)
    if kind == "hmi":  # as far off centre as HMI and MDI frames often are
        shift = {"CRPIX1": 63.7184, "CRPIX2": 65.9616}
        edges = ((1, 0), (0, 1))
        edit(path, lambda data: np.pad(data, edges, constant_values=np.nan)[:-1, 1:], **shift)
        back(path)
    assert "as in a flipped frame" in complaint(edit(path, turn))


def test_a_patch_without_its_name_cannot_say_what_it_is(real_archive: Path, tmp_path: Path) -> None:
    (original,) = real_archive.glob("extra/sharp/*.377.*.Br.fits")
    path = tmp_path / "patch.fits"
    path.write_bytes(original.read_bytes())
    assert "give it the archive's name back" in complaint(path)


VALUES = ("-1", "0", "1e300", "-1e-300", "99999999999999999999", "'nan'", "''", "T", "'9999'", "")


@pytest.mark.parametrize("kind", ["hmi", "synoptic", "aia", "euvi"])
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_header_however_odd_ends_in_anything_but_a_picture_or_a_complaint(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    good = request.getfixturevalue(kind).read_bytes()
    cards = [at for at in range(0, len(good), 80) if good[at + 8 : at + 10] == b"= "]
    spoiled = bytearray(good)
    for at in data.draw(st.lists(st.sampled_from(cards), min_size=1, max_size=3)):
        spoiled[at + 10 : at + 80] = data.draw(st.sampled_from(VALUES)).rjust(20).ljust(70).encode()
    if data.draw(st.integers(0, 5)) == 0:
        spoiled = spoiled[: data.draw(st.integers(0, len(spoiled)))]
    path = tmp_path / "odd.fits"
    path.write_bytes(bytes(spoiled))
    try:
        image = back(path)
    except BadFile:
        return
    np.testing.assert_array_equal(np.isnan(image.data), ~image.mask)
    assert image.mask.any()
