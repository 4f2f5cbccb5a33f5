"""Lists of far-side regions, as the networks write them and as they go wrong."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.archives import local
from pipeline.core import BadFile
from pipeline.instruments import read_regions
from pipeline.simulator.instruments.seismic import Detection, write_catalogue, write_list

TIME = datetime(2014, 3, 9, 12, tzinfo=UTC)
NEAR = Detection(lon=222.0, lat=-14.0, flux=2e22, probability=0.8, area=900.0)
HEADING = '"C. Long" "Lat" "-" "Strength" "Prob" "Area" "Flux" "Bmax" "Return"\n'


def test_gong_catalogue_gives_place_phase_and_probability(tmp_path: Path) -> None:
    write_catalogue(tmp_path / "c.txt", (NEAR,), TIME)
    found = read_regions(local(tmp_path / "c.txt"), TIME)
    assert (found.observation.instrument, found.observation.time) == ("gong-seismic", TIME)
    (region,) = found.regions
    assert (region.lon, region.lat) == (222.0, -14.0)
    assert region.phase == pytest.approx(NEAR.phase, abs=1e-4)
    assert region.probability == pytest.approx(0.8)


def test_stanford_list_gives_places(tmp_path: Path) -> None:
    write_list(tmp_path / "l.txt", (NEAR,), TIME)
    found = read_regions(local(tmp_path / "l.txt"), TIME)
    assert found.observation.instrument == "hmi-seismic"
    assert found.observation.simulated
    (region,) = found.regions
    assert (region.lon, region.lat) == (222.0, -14.0)
    assert math.isnan(region.phase)  # its unit is not known


@pytest.mark.parametrize("write", [write_catalogue, write_list])
def test_a_list_without_rows_says_that_there_are_no_regions(
    tmp_path: Path, write: Callable[..., None]
) -> None:
    write(tmp_path / "none.txt", (), TIME)
    assert read_regions(local(tmp_path / "none.txt"), TIME).regions == ()


def test_hiccups_of_the_catalogue_are_bounded_and_rows_without_a_place_left_out(
    tmp_path: Path,
) -> None:
    rows = ["120.0 10.0 - -8e37 250 9e36 8e37 - 20140320", "nan 5.0 - -0.2 90 1 1 - 20140320", "x"]
    (tmp_path / "c.txt").write_text(HEADING + "\n".join(rows))
    (region,) = read_regions(local(tmp_path / "c.txt"), TIME).regions
    assert abs(region.phase) <= 0.5
    assert math.isnan(region.probability)


@pytest.mark.parametrize("text", ["", "<html>", "lon lat\n1 2\n"])
def test_another_text_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.txt"
    path.write_text(text or "\n")
    with pytest.raises(BadFile, match=r"other\.txt: it is no list of far-side regions"):
        read_regions(local(path), TIME)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bytes.txt"
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(BadFile, match="cannot be read as text"):
        read_regions(local(path), TIME)
