"""NetCDF products as users, checkers and the next cycle read them."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr
from plain_corona import plain_corona

from pipeline.core import BadFile, CannotWrite, Corona, GlobalMap
from pipeline.publish.contract import CORONA
from pipeline.publish.coronal import read_corona, write_corona
from pipeline.publish.netcdf import read_map, write_synchronic
from pipeline.publish.provenance import Provenance
from pipeline.publish.validate import validate
from pipeline.settings import PublisherSettings, Settings

# CF has no standard name for a solar magnetic field, and inventing one is an error of CF.
NAMELESS = {
    "age", "br", "br_sigma", "net_flux_removed", "polar_field_north", "polar_field_south",
    "unsigned_flux", "check_value", "check_limit",
    *(name for name in CORONA if not name.startswith("hole_polarity")),
}  # fmt: skip


def same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(
            one, other, equal_nan=one.dtype.kind == "f"
        )
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if is_dataclass(one) and type(one) is type(other):
        parts = [field.name for field in fields(one)]
        return all(same(getattr(one, name), getattr(other, name)) for name in parts)
    return one == other or (one != one and other != other)


@pytest.mark.parametrize("name", ["sky", "bare"])
def test_a_map_comes_back_as_it_was(
    name: str, tmp_path: Path, provenance: Provenance, request: pytest.FixtureRequest
) -> None:
    written: GlobalMap = request.getfixturevalue(name)
    write_synchronic(tmp_path / "map.nc", written, provenance)
    read = read_map(tmp_path / "map.nc")
    differing = {
        field.name
        for field in fields(GlobalMap)
        if not same(getattr(read, field.name), getattr(written, field.name))
    }
    assert differing == ({"inputs"} if written.inputs else set())
    assert read.unsigned_flux == written.unsigned_flux


@pytest.mark.parametrize("lines", [0, 1, 3])
def test_a_corona_comes_back_as_it_was(
    lines: int, tmp_path: Path, sky: GlobalMap, corona: Corona, provenance: Provenance
) -> None:
    curves = tuple(corona.neutral_line[0][: 10 + n] for n in range(lines))
    written = replace(corona, neutral_line=curves)
    write_corona(tmp_path / "corona.nc", written, sky, provenance)
    read = read_corona(tmp_path / "corona.nc")
    assert same(read, written)


def test_a_corona_without_field_comes_back_as_it_was(
    tmp_path: Path, sky: GlobalMap, provenance: Provenance
) -> None:
    written = plain_corona(sky.time, sky.grid, observers={}, connections={})
    lone = replace(written.ensemble.members[0], connections={})
    ensemble = replace(written.ensemble, members=(lone,), footpoint_probability={})
    written = replace(written, ensemble=ensemble)
    write_corona(tmp_path / "corona.nc", written, sky, provenance)
    assert same(read_corona(tmp_path / "corona.nc"), written)
    assert validate(tmp_path / "corona.nc") == []


def test_a_map_is_no_corona(tmp_path: Path, sky: GlobalMap, provenance: Provenance) -> None:
    write_synchronic(tmp_path / "map.nc", sky, provenance)
    with pytest.raises(BadFile, match="not a corona of allsun; give a corona product"):
        read_corona(tmp_path / "map.nc")


def test_same_map_same_bytes(tmp_path: Path, sky: GlobalMap, provenance: Provenance) -> None:
    (tmp_path / "again").mkdir()
    for path in (tmp_path / "map.nc", tmp_path / "again" / "map.nc"):
        write_synchronic(path, sky, provenance)
    assert (tmp_path / "map.nc").read_bytes() == (tmp_path / "again" / "map.nc").read_bytes()


@pytest.mark.parametrize("name", ["sky", "bare"])
def test_the_compliance_checker_finds_no_error(
    name: str,
    tmp_path: Path,
    corona: Corona,
    provenance: Provenance,
    request: pytest.FixtureRequest,
) -> None:
    map_: GlobalMap = request.getfixturevalue(name)
    if name == "bare":
        corona = replace(corona, neutral_line=())
    write_synchronic(tmp_path / "map.nc", map_, provenance)
    write_corona(tmp_path / "corona.nc", corona, map_, provenance)
    for product in ("map", "corona"):
        report = tmp_path / f"{product}.json"
        checker = Path(sys.executable).with_name("compliance-checker")
        subprocess.run(
            [checker, "-t", "cf:1.11", "-t", "acdd:1.3", "-f", "json", "-o", report,
             tmp_path / f"{product}.nc"],
            capture_output=True,
        )  # fmt: skip
        found = json.loads(report.read_text())
        cf, acdd = found["cf:1.11"], found["acdd:1.3"]
        assert cf["scored_points"] == cf["possible_points"]
        complaints = [r for r in acdd["high_priorities"] if r["value"][0] < r["value"][1]]
        assert {message for r in complaints for message in r["msgs"]} <= {"standard_name"}
        assert {r["name"].split('"')[1] for r in complaints} <= NAMELESS
        assert acdd["scored_points"] > 0.75 * acdd["possible_points"]


def test_a_product_names_the_centre_that_answers_for_it(tmp_path: Path, sky: GlobalMap) -> None:
    centre = {"institution": "Met Office", "url": "https://metoffice.gov.uk"}
    provenance = Settings(publisher=PublisherSettings(**centre)).provenance()
    write_synchronic(tmp_path / "map.nc", sky, provenance)
    with netCDF4.Dataset(tmp_path / "map.nc") as file:
        assert file.institution == file.creator_name == file.publisher_name == "Met Office"
        assert file.creator_url == "https://metoffice.gov.uk"
        assert "creator_email" not in file.ncattrs()


def test_a_user_finds_what_the_contract_promises(
    tmp_path: Path, sky: GlobalMap, provenance: Provenance
) -> None:
    path = tmp_path / "allsun_synchronic_20140131T0000Z_r00.nc"
    write_synchronic(path, sky, provenance)
    with xr.open_dataset(path) as data:
        assert data["br"].dims == ("time", "lat", "lon")
        assert data["time"].values == np.array(["2014-01-31"], "datetime64[ns]")
        np.testing.assert_array_equal(data["br"][0], sky.br)
        np.testing.assert_allclose(np.sin(np.radians(data["lat"])), sky.grid.sin_lat, atol=1e-12)
        np.testing.assert_allclose(data["lat_bnds"][[0, -1]], [[-90, -70.8], [70.8, 90]], atol=0.1)
        assert data["age"].dtype == np.float32
        assert data["input_time"].values == np.datetime64("2014-01-30T23:47:24.6")
        assert list(data["input_sha256"].values) == ["ab" * 32]
        assert "Sun (2015)" in data["crs"].attrs["crs_wkt"]
        assert data.attrs["id"] == path.stem
        assert data.attrs["enhancement"] == f"hmi-denoise/1 sha256 {'ef' * 32}"
        assert list(data["input_networks"].values) == [
            "hmi-denoise/1 on cpu fp32 (parity 2e-05 G, 0.00% of pixels beyond training)"
        ]
        assert data.attrs["comment"] == "GONG absent.\nSeismic regions not used."
        masks, meanings = data["qc"].attrs["flag_masks"], data["qc"].attrs["flag_meanings"].split()
        assert [m for m, k in zip(meanings, masks, strict=True) if data["qc"] & k] == [
            "instrument_absent"
        ]


def test_a_simulated_map_says_so_in_its_title(
    tmp_path: Path, bare: GlobalMap, provenance: Provenance
) -> None:
    write_synchronic(tmp_path / "map.nc", bare, provenance)
    with xr.open_dataset(tmp_path / "map.nc") as data:
        assert data.attrs["title"].startswith("SIMULATED ")


def test_the_corona_keeps_the_curves_of_its_neutral_line_apart(
    tmp_path: Path, sky: GlobalMap, corona: Corona, provenance: Provenance
) -> None:
    curves = (np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([[7.0, 8.0], [9.0, -9.0]]))
    write_corona(tmp_path / "c.nc", replace(corona, neutral_line=curves), sky, provenance)
    with xr.open_dataset(tmp_path / "c.nc") as data:
        for part, curve in enumerate(curves):
            own = data["neutral_line_part"] == part
            np.testing.assert_array_equal(data["neutral_line_lon"][own], curve[:, 0])
            np.testing.assert_array_equal(data["neutral_line_lat"][own], curve[:, 1])
        np.testing.assert_array_equal(data["open_field"][0], corona.open_field)
        np.testing.assert_array_equal(data["lon"], corona.grid.lon)
        assert data.attrs["solver"] == corona.solver
        assert float(data["open_flux"]) == corona.open_flux


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def other_netcdf(path: Path) -> None:
    xr.Dataset({"sst": ("x", [1.0])}).to_netcdf(path)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (Path.unlink, "there is no such file; check the path"),
        (lambda path: path.write_bytes(b""), "it is not a readable NetCDF file"),
        (lambda path: path.write_text("<html>"), "it is not a readable NetCDF file"),
        (cut, "it is not a readable NetCDF file"),
        (other_netcdf, "it is not a synchronic map of allsun"),
    ],
    ids=["missing", "empty", "html", "truncated", "other"],
)
def test_a_bad_map_is_named_with_a_remedy(
    spoil: Callable[[Path], object],
    sentence: str,
    tmp_path: Path,
    sky: GlobalMap,
    provenance: Provenance,
) -> None:
    path = tmp_path / "map.nc"
    write_synchronic(path, sky, provenance)
    spoil(path)
    with pytest.raises(BadFile, match=sentence) as caught:
        read_map(path)
    assert str(caught.value).startswith(str(path))


def test_a_full_disk_leaves_no_part_of_a_map(
    tiny_disk: Path, sky: GlobalMap, provenance: Provenance
) -> None:
    with pytest.raises(CannotWrite, match="no space left on device; free some"):
        write_synchronic(tiny_disk / "map.nc", sky, provenance)
    assert not list(tiny_disk.iterdir())


def test_a_product_can_be_edited_with_the_usual_tools(
    tmp_path: Path, sky: GlobalMap, provenance: Provenance
) -> None:
    write_synchronic(tmp_path / "map.nc", sky, provenance)
    with netCDF4.Dataset(tmp_path / "map.nc", "a") as data:
        data.setncattr("remark", "mine")
    assert read_map(tmp_path / "map.nc").time == sky.time


def test_a_map_with_gaps_is_not_carried_on(
    tmp_path: Path, sky: GlobalMap, provenance: Provenance
) -> None:
    br = sky.br.copy()
    br[3, 4] = np.nan
    write_synchronic(tmp_path / "map.nc", replace(sky, br=br), provenance)
    with pytest.raises(BadFile, match="not finite everywhere"):
        read_map(tmp_path / "map.nc")
