"""The list of far-side regions as users, checkers and the next cycle read it."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from pipeline.core import BadFile, FarSide, FarSideRegion, GlobalMap
from pipeline.publish.farside import in_plain, read_farside, write_farside
from pipeline.publish.netcdf import write_synchronic
from pipeline.publish.provenance import Provenance
from pipeline.publish.validate import validate

NAME = "allsun_farside_20140131T0000Z_r00.nc"


@pytest.fixture
def written(tmp_path: Path, sky: GlobalMap, farside: FarSide, provenance: Provenance) -> Path:
    write_farside(tmp_path / NAME, farside, sky, provenance)
    return tmp_path / NAME


def values(region: FarSideRegion) -> dict[str, object]:
    """Comparable, though nothing equals NaN."""
    names = FarSideRegion.__dataclass_fields__
    return {name: str(getattr(region, name)) for name in names}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_list_comes_back_as_it_was(
    count: int, tmp_path: Path, sky: GlobalMap, farside: FarSide, provenance: Provenance
) -> None:
    some = replace(farside, regions=farside.regions[:count])
    write_farside(tmp_path / NAME, some, sky, provenance)
    read = read_farside(tmp_path / NAME)
    assert (read.time, read.numbered) == (some.time, some.numbered)
    assert [values(r) for r in read.regions] == [values(r) for r in some.regions]
    assert validate(tmp_path / NAME) == []


@pytest.mark.parametrize("count", [0, 3])
def test_the_compliance_checker_finds_no_error(
    count: int, tmp_path: Path, sky: GlobalMap, farside: FarSide, provenance: Provenance
) -> None:
    some = replace(farside, regions=farside.regions[:count])
    write_farside(tmp_path / NAME, some, sky, provenance)
    report = tmp_path / "report.json"
    checker = Path(sys.executable).with_name("compliance-checker")
    subprocess.run(
        [checker, "-t", "cf:1.11", "-t", "acdd:1.3", "-f", "json", "-o", report, tmp_path / NAME],
        capture_output=True,
    )
    found = json.loads(report.read_text())
    cf, acdd = found["cf:1.11"], found["acdd:1.3"]
    assert cf["scored_points"] == cf["possible_points"]
    complaints = [r for r in acdd["high_priorities"] if r["value"][0] < r["value"][1]]
    # CF has no standard name for what an active region has.
    assert {message for r in complaints for message in r["msgs"]} <= {"standard_name"}
    # No extent can be compared with that of an empty list.
    assert acdd["scored_points"] > (0.75 if count else 0.7) * acdd["possible_points"]


def test_a_user_finds_points_with_their_evidence(written: Path) -> None:
    with xr.open_dataset(written) as data:
        assert data.attrs["featureType"] == "point"
        assert data.attrs["id"] == written.stem
        assert data["flux"].dims == ("region",)
        assert list(data["number"].values) == [12, 15, 3]
        assert (data["time"].values == np.datetime64("2014-01-31")).all()
        assert data["limb_return"].values[0] == np.datetime64("2014-02-01T12:00")
        assert np.isnan(data["flux"].values[1])
        masks = dict(zip(data["evidence"].attrs["flag_meanings"].split(),
                         data["evidence"].attrs["flag_masks"], strict=True))  # fmt: skip
        by_sound = (data["evidence"].values & masks["seismic"]) > 0
        assert list(by_sound) == [True, True, False]
        assert list(np.isfinite(data["probability_seismic"].values)) == list(by_sound)
        np.testing.assert_allclose(data["probability"], [1 - 0.2 * 0.4 * 0.3, 0.6, 0.7])
        assert list(data["input_sha256"].values) == ["ab" * 32]


def test_programs_get_null_for_what_nobody_knows(farside: FarSide) -> None:
    whole, heard, _ = json.loads(json.dumps(in_plain(farside), allow_nan=False))
    assert whole["evidence"] == ["euv", "seismic", "transported"]
    assert whole["limb_return"] == "2014-02-01T12:00:00Z"
    assert heard["unsigned_flux_mx"] is None
    assert heard["area_msh"] is None


def spoil(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    def spoiled(path: Path) -> None:
        with netCDF4.Dataset(path, "a") as file:
            file[name][:] = change(file[name][:].data)

    return spoiled


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (spoil("number", lambda n: n * 0), "two regions have one number"),
        (spoil("lat", lambda lat: lat + 90), "a region leaves the sphere"),
        (spoil("lon", lambda lon: lon - 300), "a region leaves the sphere"),
        (spoil("probability", lambda p: p + 1), "probability leaves 0 to 1"),
        (spoil("evidence", lambda e: e * 0), "evidence is missing"),
        (spoil("flux", lambda f: -f), "flux is negative"),
        (spoil("limb_return", lambda t: t - 1e7), "a region has returned already"),
    ],
)
def test_the_validator_names_what_is_wrong(
    damage: Callable[[Path], None], complaint: str, written: Path
) -> None:
    damage(written)
    assert any(complaint in found for found in validate(written))


def test_a_map_is_no_list(tmp_path: Path, sky: GlobalMap, provenance: Provenance) -> None:
    write_synchronic(tmp_path / "map.nc", sky, provenance)
    with pytest.raises(BadFile, match="not a far-side list of allsun; give a farside product"):
        read_farside(tmp_path / "map.nc")


def test_a_cut_list_is_named_with_a_remedy(written: Path) -> None:
    written.write_bytes(written.read_bytes()[:3000])
    with pytest.raises(BadFile, match="not a readable NetCDF file; fetch or make it again"):
        read_farside(written)
