"""The command line as its users meet it: streams, exit status, and what each command says."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import netCDF4
import pytest
import structlog
from command import AT, NOON, SMALL, Published, allsun, complaint, installed
from small_archive import SmallArchive
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.simulator.faults import Fault, Trick
from pipeline.simulator.server import ArchiveServer

KINDS = ("synchronic", "state", "corona", "farside", "wsa", "quicklook", "corona_quicklook")


def test_a_cycle_tells_programs_what_it_made(published: Published) -> None:
    told = published[0]
    assert told["valid_time"] == "2014-05-20T12:00:00Z"
    assert set(told["products"]) == set(KINDS)
    assert [entry["instrument"] for entry in told["inputs"]] == ["gong", "gong", "hmi"]
    assert sum(told["sources"].values()) == pytest.approx(1.0)
    # A far-side network is there, and no picture for it.
    assert told["qc"] == ["cold_start", "instrument_absent"]
    (note,) = told["notes"]
    assert note.startswith("euvi")


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


@pytest.mark.parametrize("kind", KINDS)
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


def test_files_are_described(small_archive: SmallArchive, products: dict[str, Path]) -> None:
    def described(path: Path) -> dict[str, Any]:
        result = allsun("inspect", path, "--json")
        assert result.exit_code == 0, result.stderr
        assert allsun("inspect", path).exit_code == 0
        told: dict[str, Any] = json.loads(result.stdout)
        return told

    frame = described(small_archive.hmi(NOON))
    assert (frame["instrument"], frame["kind"]) == ("hmi", "b_los")
    assert (frame["time"], frame["unit"]) == ("2014-05-20T11:59:25Z", "G")
    assert (frame["pixels"], frame["quality"]) == ("256x256", "0x00000400")
    assert frame["simulated"] is True
    corona = described(products["corona"])
    assert (corona["kind"], corona["grid"]) == ("corona", "360x180")
    assert corona["radial_cells"] == 4
    assert 0.0 < corona["open_area_fraction"] < 0.5
    assert set(corona["connections"]) == {"earth", "stereo-a"}
    assert (corona["members"], len(corona["earth_sectors"])) == (12, 8)
    assert 250 < corona["wind_speed_km_s"]["mean"] < 900
    assert corona["largest_holes"][0]["area"] > 0
    assert described(products["synchronic"])["kind"] == "synchronic map"
    wsa = described(products["wsa"])
    assert (wsa["instrument"], wsa["kind"], wsa["pixels"]) == ("allsun", "b_r", "360x180")


def test_a_map_is_extrapolated_alike_from_each_of_its_files(
    products: dict[str, Path], tmp_path: Path
) -> None:
    told = []
    for kind in ("synchronic", "wsa"):
        output, drawn = tmp_path / f"{kind}.nc", tmp_path / f"{kind}.png"
        asked = ("-o", output, "--nr", 4, "--picture", drawn, "--json")
        result = allsun("extrapolate", products[kind], *asked)
        assert result.exit_code == 0, result.stderr
        told.append(json.loads(result.stdout))
        assert allsun("validate", output).exit_code == 0
        assert allsun("validate", drawn).exit_code == 0
    assert told[0]["open_flux_mx"] == pytest.approx(told[1]["open_flux_mx"], rel=1e-4)
    assert told[0]["source_surface_radius"] == 2.5


def test_the_reference_solver_and_other_choices_are_named_in_the_product(
    products: dict[str, Path], tmp_path: Path
) -> None:
    asked = ("extrapolate", products["wsa"], "-o", tmp_path / "c.nc", "--nr", 4, "--json")
    chosen = {
        "ALLSUN_CORONA__EXPANSION": "total",
        "ALLSUN_CORONA__WIND_LAW": "eswim",
        "ALLSUN_CORONA__START_RADIUS": "1.01",
        "ALLSUN_CORONA__SOURCE_SURFACE_SPREAD": "[2.0]",
        "ALLSUN_CORONA__OBSERVERS": '["mars", "l5=-60,0,1"]',
    }
    result = allsun(*asked, "--solver", "pfsspy", "--rss", 2.2, **chosen)
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert "pfsspy 1" in told["solver"]
    assert (told["expansion_factor_field"], told["wind_law"]) == ("total", "eswim")
    assert (told["field_line_start_radius"], told["source_surface_radius"]) == (1.01, 2.2)
    assert (list(told["connections"]), told["members"]) == (["mars", "l5"], 1)
    assert allsun("validate", tmp_path / "c.nc").exit_code == 0


def test_a_cycle_prints_nothing_but_its_result(small_archive: SmallArchive, tmp_path: Path) -> None:
    with ArchiveServer(small_archive.root) as server:
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


def test_a_command_within_a_process_leaves_no_closed_stream_to_log_to() -> None:
    try:
        assert CliRunner().invoke(app, ["config", "show"]).exit_code == 0
        structlog.get_logger().warning("still there")
    finally:
        structlog.reset_defaults()
