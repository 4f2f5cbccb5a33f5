"""Bad input through the command line: one sentence, the file and the remedy, nothing lost."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from astropy.io import fits
from command import AT, NOON, SMALL, allsun, complaint
from small_archive import SmallArchive


@pytest.fixture(scope="module")
def files(
    small_archive: SmallArchive, products: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder of files that cannot be used."""
    folder = tmp_path_factory.mktemp("files")
    other = SmallArchive(folder / "other", NOON)
    frame, wsa = small_archive.hmi(NOON).read_bytes(), products["wsa"]
    contents = {
        "empty.fits": b"",
        "empty.nc": b"",
        "text.fits": b"Sun",
        "text.nc": b"Sun",
        "truncated.fits": frame[:20_000],
        "truncated.nc": products["synchronic"].read_bytes()[:20_000],
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    with netCDF4.Dataset(folder / "foreign.nc", "w") as file:
        file.createDimension("x", 3)
        file.createVariable("tas", "f4", ("x",))[:] = 280.0
    other.spoiled(NOON, lambda data: data * np.nan).rename(folder / "blank.fits")
    other.spoiled(NOON, BUNIT="Tesla").rename(folder / "tesla.fits")
    other.spoiled(NOON, CDELT1=-1.0).rename(folder / "flipped.fits")
    other.spoiled(NOON, TELESCOP="Hubble", CTYPE1="RA---TAN").rename(folder / "hubble.fits")
    with fits.open(wsa) as units:
        data, header = units[0].data, units[0].header
        fits.PrimaryHDU(data[:90], header).writeto(folder / "half.fits")
        data[0, 0] = np.nan
        fits.PrimaryHDU(data, header).writeto(folder / "gap.fits")
    return folder


@pytest.mark.parametrize(
    ("command", "name", "problem"),
    [
        ("inspect", "missing.fits", "does not exist"),
        ("inspect", "missing.nc", "there is no such file"),
        ("inspect", "empty.fits", "is empty"),
        ("inspect", "empty.nc", "not a readable NetCDF file"),
        ("inspect", "text.fits", "it cannot be read as FITS (No SIMPLE card found, this file "
         "does not appear to be a valid FITS file)"),
        ("inspect", "text.nc", "not a readable NetCDF file"),
        ("inspect", "truncated.fits", "is cut short"),
        ("inspect", "truncated.nc", "not a readable NetCDF file"),
        ("inspect", "blank.fits", "no pixel holds a measurement"),
        ("inspect", "tesla.fits", "its unit is 'Tesla', not gauss"),
        ("inspect", "flipped.fits", "the frame is flipped or stretched"),
        ("inspect", "hubble.fits", "no known instrument wrote it"),
        ("inspect", "foreign.nc", "not a synchronic map of allsun"),
        ("inspect", ".", "is a folder"),
        ("validate", "missing.nc", "No such file"),
        ("validate", "empty.nc", "it is no product of allsun"),
        ("validate", "truncated.nc", "not a readable NetCDF file"),
        ("validate", "blank.fits", "it is FITS but no product of allsun"),
        ("validate", "foreign.nc", "it is NetCDF but no product of allsun"),
        ("validate", ".", "Is a directory"),
        ("extrapolate", "missing.fits", "does not exist"),
        ("extrapolate", "half.fits", "not a map of the whole sphere"),
        ("extrapolate", "gap.fits", "1 of 64800 pixels have no value"),
        ("extrapolate", "foreign.nc", "not a synchronic map of allsun"),
        ("extrapolate", "tesla.fits", "its unit is 'Tesla', not gauss"),
    ],
)  # fmt: skip
def test_a_bad_file_is_named_with_the_remedy(
    files: Path, command: str, name: str, problem: str
) -> None:
    output = files / "corona.nc"
    options = ("-o", output, "--nr", 4) if command == "extrapolate" else ()
    said = complaint(allsun(command, files / name, *options))
    assert said.startswith(f"{files / name}: ")
    assert problem in said
    assert re.search(r"; [^;]+\.$", said)
    assert not output.exists()


def test_a_disk_or_a_corona_is_no_map_to_extrapolate(
    small_archive: SmallArchive, products: dict[str, Path], tmp_path: Path
) -> None:
    for path, problem in (
        (small_archive.hmi(NOON), "this is not a map of the whole sphere"),
        (products["corona"], "it is not a synchronic map of allsun"),
    ):
        said = complaint(allsun("extrapolate", path, "-o", tmp_path / "out.nc"))
        assert said.startswith(f"{path}: {problem}")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--nr", 193), "193 radial cells are out of range; give 2 to 192."),
        (("--nr", 0), "0 radial cells are out of range; give 2 to 192."),
        (("--rss", 1), "The source surface cannot lie at 1.0 solar radii; give more than 1 and "
         "at most 10."),
        (("--rss", 0), "The source surface cannot lie at 0.0 solar radii; give more than 1 and "
         "at most 10."),
        (("--holes", "aia.fits"), "--holes are outlined on a picture; give --picture PNG, too."),
        (("--picture", "a.jpg"), "a.jpg: the picture is a PNG; give it a name that ends in .png."),
        (("--rss", "nan"), "The source surface cannot lie at nan solar radii; give more than 1 "
         "and at most 10."),
    ],
)  # fmt: skip
def test_a_corona_out_of_range_is_refused(
    products: dict[str, Path], tmp_path: Path, options: tuple[object, ...], sentence: str
) -> None:
    output = tmp_path / "corona.nc"
    assert complaint(allsun("extrapolate", products["wsa"], "-o", output, *options)) == sentence
    assert not output.exists()


def test_a_place_that_cannot_be_written_is_named(
    products: dict[str, Path], tmp_path: Path, full_disk: Path
) -> None:
    (tmp_path / "file").touch()
    for output, problem in (
        (tmp_path / "nowhere/corona.nc", "no such file or directory"),
        (tmp_path / "file/corona.nc", "not a directory"),
        (full_disk / "corona.nc", "no space left on device"),
    ):
        said = complaint(allsun("extrapolate", products["wsa"], "-o", output, "--nr", 4))
        assert said.startswith(f"{output}: {problem}; ")
    assert list(full_disk.iterdir()) == [full_disk / "filling"]


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system without space."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    (disk / "filling").write_bytes(bytes(65_536))
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize(
    ("free", "first"),
    [(0, "ledger.sqlite"), (300, "cache/incoming/"), (1500, "products/.staging/")],
)
def test_a_cycle_says_that_the_disk_is_full_and_works_when_it_is_not(
    small_archive: SmallArchive, full_disk: Path, free: int, first: str
) -> None:
    """In KiB: not even the ledger fits, or no observation, or no product."""
    subprocess.run(["mount", "-o", f"remount,size={64 + free}k", full_disk], check=True)
    arguments = ("once", *AT, "--archive", small_archive.root, "--data", full_disk)
    said = complaint(allsun(*arguments, **SMALL))
    assert said.startswith(f"{full_disk}/{first}")
    assert re.search("no space left on device|disk is full", said, re.IGNORECASE)
    assert complaint(allsun("status", "--data", full_disk)).startswith("Nothing has been published")
    assert not list((full_disk / "products").glob("[a-z]*"))
    subprocess.run(["mount", "-o", "remount,size=64m", full_disk], check=True)
    assert allsun(*arguments, **SMALL).exit_code == 0
    assert allsun("status", "--data", full_disk).exit_code == 0


def test_a_data_directory_that_cannot_be_one_is_named(
    small_archive: SmallArchive, tmp_path: Path, full_disk: Path
) -> None:
    at = ("--archive", small_archive.root, *AT)
    (tmp_path / "file").touch()
    said = complaint(allsun("once", *at, "--data", tmp_path / "file"))
    assert said.startswith(f"{tmp_path}/file/products: not a directory; ")
    assert "Nothing has been published" in complaint(allsun("status", "--data", tmp_path / "file"))
    subprocess.run(["mount", "-o", "remount,ro", full_disk], check=True)
    said = complaint(allsun("once", *at, "--data", full_disk))
    assert said.startswith(f"{full_disk}/products: read-only file system; ")
    ledger = {"ALLSUN_ARCHIVES__LEDGER": f"sqlite:///{full_disk}/ledger.sqlite"}
    said = complaint(allsun("once", *at, "--data", tmp_path / "data", **ledger))
    assert said.startswith(f"{full_disk}/ledger.sqlite: the ledger cannot be used (")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--at", "yesterday"), "'yesterday' is not a date; write it like 2014-01-31 or "
         "2014-01-31T12:00Z (UTC)."),
        (("--at", "9999-01-01"), "9999-01-01 is in the future; give a time up to now (UTC)."),
        (("--at", "0001-01-01"), "0001-01-01 is before the first magnetograms; give a time from "
         "1970 on."),
        (("--spinup", "28"), "'28' cannot be used: a duration is a positive number and a unit, "
         "like 90m, 36h or 28d."),
        (("--spinup", "-1d"), "'-1d' cannot be used: a duration is a positive number and a unit, "
         "like 90m, 36h or 28d."),
        (("--archive", "/nowhere"), "The archive /nowhere is not a folder; name one that holds "
         "HOST/PATH, or a URL."),
    ],
)  # fmt: skip
def test_a_cycle_that_cannot_be_asked_for_is_refused(
    options: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    given = (*AT, "--archive", tmp_path, "--data", tmp_path / "data", *options)
    assert complaint(allsun("once", *given)) == sentence


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense", "Could not parse SQLAlchemy URL"),
        ("nosuch://host/db", "Can't load plugin"),
    ],
)
def test_a_ledger_that_is_no_database_is_refused(url: str, why: str, tmp_path: Path) -> None:
    given = (*AT, "--archive", tmp_path, "--data", tmp_path / "data")
    said = complaint(allsun("once", *given, ALLSUN_ARCHIVES__LEDGER=url))
    assert why in said
    assert "archives.ledger" in said
