"""The command line as its users meet it: streams, exit status, and one sentence per mistake."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import structlog
from astropy.io import fits
from click.testing import Result
from small_archive import SmallArchive
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.simulator.faults import Fault, Trick
from pipeline.simulator.server import ArchiveServer

ALLSUN = Path(sys.executable).with_name("allsun")
NOON = datetime(2014, 5, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
AT = ("--at", "2014-05-20T12:00Z")
SMALL = {"ALLSUN_SURFACE__GRID": "360x180", "ALLSUN_CORONA__RADIAL_CELLS": "4"}


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """A command run in this process leaves its log stream behind."""
    yield
    structlog.reset_defaults()


def allsun(*arguments: object, **environment: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)


def installed(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    return subprocess.run(
        [ALLSUN, *map(str, arguments)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def complaint(result: Result) -> str:
    """The one sentence that a failed command says, on standard error alone."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert re.fullmatch(r"allsun: .*[.?]\n", result.stderr), result.stderr
    assert not re.search("Traceback|Unexpected", result.stderr)
    return result.stderr.removeprefix("allsun: ").strip()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> SmallArchive:
    archive = SmallArchive(tmp_path_factory.mktemp("archive"), NOON)
    archive.synoptic(NOON - 25 * HOUR)
    archive.hmi(NOON)
    archive.gong(NOON - HOUR / 2)
    return archive


Published = tuple[dict[str, Any], str, Path]


@pytest.fixture(scope="module")
def published(archive: SmallArchive, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """What a cycle prints for programs, what it shows on a terminal, and its data directory."""
    data = tmp_path_factory.mktemp("data")
    terminal, screen = pty.openpty()
    shown: list[bytes] = []

    def watch() -> None:
        try:
            while text := os.read(terminal, 4096):
                shown.append(text)
        except OSError:  # the other end has closed
            return

    watcher = threading.Thread(target=watch)
    watcher.start()
    ran = subprocess.run(
        [ALLSUN, "once", "--json", "--archive", archive.root, "--data", data, *AT],
        env=os.environ | SMALL | {"TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=screen,
        check=True,
    )
    os.close(screen)
    watcher.join()
    os.close(terminal)
    return json.loads(ran.stdout), b"".join(shown).decode(), data


@pytest.fixture(scope="module")
def products(published: Published) -> dict[str, Path]:
    return {kind: Path(path) for kind, path in published[0]["products"].items()}


def test_a_cycle_tells_programs_what_it_made(published: Published) -> None:
    told = published[0]
    assert told["valid_time"] == "2014-05-20T12:00:00Z"
    assert set(told["products"]) == {"synchronic", "corona", "wsa", "quicklook"}
    assert [entry["instrument"] for entry in told["inputs"]] == ["gong", "gong", "hmi"]
    assert sum(told["sources"].values()) == pytest.approx(1.0)
    assert (told["qc"], told["notes"]) == (["cold_start"], [])


def test_long_work_shows_its_progress_on_a_terminal(published: Published) -> None:
    assert re.search(r"Assimilating.*100%", published[1], re.DOTALL)


def test_status_tells_the_same_and_the_age(published: Published) -> None:
    told, _, data = published
    result = allsun("status", "--data", data, "--json")
    assert result.exit_code == 0
    status = json.loads(result.stdout)
    assert status.pop("age_hours") > 24.0
    assert status == told
    assert "rests on" in allsun("status", "--data", data).stdout


@pytest.mark.parametrize("kind", ["synchronic", "corona", "wsa", "quicklook"])
def test_products_validate(products: dict[str, Path], kind: str) -> None:
    result = allsun("validate", products[kind], "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["valid"] is True


def test_a_product_that_breaks_the_contract_is_no_success(
    products: dict[str, Path], tmp_path: Path
) -> None:
    path = shutil.copy(products["synchronic"], tmp_path)
    with netCDF4.Dataset(path, "a") as file:
        file["br"][:] = file["br"][:] + 1.0
    result = allsun("validate", path, "--json")
    assert result.exit_code == 1
    assert any("not balanced" in fault for fault in json.loads(result.stdout)["faults"])
    assert "not balanced" in allsun("validate", path).stdout


def test_files_are_described(archive: SmallArchive, products: dict[str, Path]) -> None:
    def described(path: Path) -> dict[str, Any]:
        result = allsun("inspect", path, "--json")
        assert result.exit_code == 0, result.stderr
        assert allsun("inspect", path).exit_code == 0
        told: dict[str, Any] = json.loads(result.stdout)
        return told

    frame = described(archive.hmi(NOON))
    assert (frame["instrument"], frame["kind"]) == ("hmi", "b_los")
    assert (frame["time"], frame["unit"]) == ("2014-05-20T11:59:25Z", "G")
    assert (frame["pixels"], frame["quality"]) == ("256x256", "0x00000400")
    assert frame["simulated"] is True
    corona = described(products["corona"])
    assert (corona["kind"], corona["grid"]) == ("corona", "360x180")
    assert corona["radial_cells"] == 4
    assert 0.0 < corona["open_area_fraction"] < 0.5
    assert described(products["synchronic"])["kind"] == "synchronic map"
    wsa = described(products["wsa"])
    assert (wsa["instrument"], wsa["kind"], wsa["pixels"]) == ("allsun", "b_r", "360x180")


def test_a_map_is_extrapolated_alike_from_each_of_its_files(
    products: dict[str, Path], tmp_path: Path
) -> None:
    told = []
    for kind in ("synchronic", "wsa"):
        output = tmp_path / f"{kind}.nc"
        result = allsun("extrapolate", products[kind], "-o", output, "--nr", 4, "--json")
        assert result.exit_code == 0, result.stderr
        told.append(json.loads(result.stdout))
        assert allsun("validate", output).exit_code == 0
    assert told[0]["open_flux_mx"] == pytest.approx(told[1]["open_flux_mx"], rel=1e-4)
    assert told[0]["source_surface_radius"] == 2.5


def test_a_cycle_prints_nothing_but_its_result(archive: SmallArchive, tmp_path: Path) -> None:
    with ArchiveServer(archive.root) as server:
        server.inject(Fault(Trick.FORBIDDEN, match="data/hmi/fits", times=99))
        server.inject(Fault(Trick.UNAVAILABLE, match="gong", times=1))
        where = ("--archive", server.url, "--data", tmp_path)
        ran = installed("once", *AT, *where, "--json", **SMALL)
        again = installed("once", *AT, *where, "--json", **SMALL)
    assert (ran.returncode, again.returncode) == (0, 0), ran.stderr
    told = json.loads(ran.stdout)
    assert [entry["instrument"] for entry in told["inputs"]] == ["gong", "gong", "hmi"]
    assert told["inputs"][2]["url"].startswith("http://jsoc.stanford.edu/SUM")  # by DRMS
    assert any("answered 403" in note for note in told["notes"])
    assert all("retry_scheduled" in line for line in ran.stderr.splitlines())
    assert json.loads(again.stdout) == told
    assert again.stderr == ""


@pytest.fixture(scope="module")
def files(
    archive: SmallArchive, products: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder of files that cannot be used."""
    folder = tmp_path_factory.mktemp("files")
    other = SmallArchive(folder / "other", NOON)
    frame, wsa = archive.hmi(NOON).read_bytes(), products["wsa"]
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
    archive: SmallArchive, products: dict[str, Path], tmp_path: Path
) -> None:
    for path, problem in (
        (archive.hmi(NOON), "this is not a map of the whole sphere"),
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
    archive: SmallArchive, full_disk: Path, free: int, first: str
) -> None:
    """In KiB: not even the ledger fits, or no observation, or no product."""
    subprocess.run(["mount", "-o", f"remount,size={64 + free}k", full_disk], check=True)
    arguments = ("once", *AT, "--archive", archive.root, "--data", full_disk)
    said = complaint(allsun(*arguments, **SMALL))
    assert said.startswith(f"{full_disk}/{first}")
    assert re.search("no space left on device|disk is full", said, re.IGNORECASE)
    assert complaint(allsun("status", "--data", full_disk)).startswith("Nothing has been published")
    assert not list((full_disk / "products").glob("[a-z]*"))
    subprocess.run(["mount", "-o", "remount,size=64m", full_disk], check=True)
    assert allsun(*arguments, **SMALL).exit_code == 0
    assert allsun("status", "--data", full_disk).exit_code == 0


def test_a_data_directory_that_cannot_be_one_is_named(
    archive: SmallArchive, tmp_path: Path, full_disk: Path
) -> None:
    at = ("--archive", archive.root, *AT)
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


def test_a_network_that_is_not_there_is_named(archive: SmallArchive, tmp_path: Path) -> None:
    given = (*AT, "--archive", archive.root, "--data", tmp_path)
    said = complaint(allsun("once", *given, ALLSUN_ENHANCE__NETWORKS='["denoise"]', **SMALL))
    assert said == (
        "No network 'denoise' is installed; set enhance.networks = [] to turn enhancement off."
    )


def test_settings_shown_are_a_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "allsun.toml"
    shown = allsun("config", "show", "--data", "/srv/allsun", ALLSUN_CYCLE__STEP="11h")
    assert shown.exit_code == 0
    file.write_text(shown.stdout)
    told = json.loads(allsun("config", "show", "--config", file, "--json").stdout)
    assert (told["data"], told["cycle"]["step"]) == ("/srv/allsun", "11h")
    check = allsun("config", "check", "--config", file, "--json")
    assert json.loads(check.stdout)["valid"] is True
    assert allsun("config", "show", "--config", file).stdout == shown.stdout


def test_an_unknown_setting_is_answered_with_the_nearest(tmp_path: Path) -> None:
    file = tmp_path / "allsun.toml"
    file.write_text("[corona]\nradial_cell = 9\n")
    for arguments in (("config", "check"), ("once",), ("status",)):
        assert complaint(allsun(*arguments, "--config", file)) == (
            f"Unknown setting 'corona.radial_cell' in {file}; did you mean 'corona.radial_cells'?"
        )


def test_usage_errors_end_with_two_and_debug_shows_the_origin(tmp_path: Path) -> None:
    for arguments in (
        ("nonsense",),
        ("once", "--nonsense"),
        ("inspect",),
        ("extrapolate", tmp_path / "map.nc"),
        ("extrapolate", tmp_path / "map.nc", "-o", tmp_path),
        ("extrapolate", tmp_path / "map.nc", "-o", tmp_path / "o.nc", "--nr", "many"),
    ):
        result = allsun(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
    ran = installed("inspect", tmp_path / "missing.fits", "--debug")
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "Traceback" in ran.stderr
    assert "BadFile" in ran.stderr
