"""The truth on disk is the simulated Sun, and is found by its time."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from pipeline.core import BadFile, BadRequest, CarringtonGrid, parse_utc
from pipeline.simulator.sun import Moment, simulate
from pipeline.simulator.truth import read_truth, write_day

START = parse_utc("2014-01-31T20:00Z")
GRID = CarringtonGrid(90, 45)


@pytest.fixture(scope="module")
def moments() -> list[Moment]:
    return list(simulate(START, 4, 5, GRID))


def test_it_comes_back_as_it_was(tmp_path: Path, moments: list[Moment]) -> None:
    path = write_day(tmp_path, moments)
    assert path == tmp_path / "truth/2014/01/31/allsun_truth_20140131.nc"
    for source in (tmp_path, path):
        for moment in moments:
            again = read_truth(source, moment.time)
            assert (again.time, again.grid) == (moment.time, moment.grid)
            np.testing.assert_array_equal(again.br, moment.br)
            assert [r.number for r in again.regions] == [r.number for r in moment.regions]
            assert [(r.flux, r.lon, r.tilt) for r in again.regions] == [
                (r.flux, r.lon, r.tilt) for r in moment.regions
            ]
    assert moments[0].regions


def test_same_sun_same_bytes(tmp_path: Path, moments: list[Moment]) -> None:
    again = list(simulate(START, 4, 5, GRID))
    one, two = write_day(tmp_path / "a", moments), write_day(tmp_path / "b", again)
    assert one.read_bytes() == two.read_bytes()


def test_a_time_that_is_not_there(tmp_path: Path, moments: list[Moment]) -> None:
    path = write_day(tmp_path, moments)
    with pytest.raises(
        BadRequest, match=r"2014-01-31T12:00:00Z is not there; ask for a whole hour"
    ):
        read_truth(path, START - timedelta(hours=8))
    with pytest.raises(BadFile, match=r"20140201.nc: there is no such file; ask for a time that"):
        read_truth(tmp_path, START + timedelta(days=1))


def test_a_file_that_is_not_the_truth(tmp_path: Path) -> None:
    path = tmp_path / "other.nc"
    path.write_bytes(b"no NetCDF")
    with pytest.raises(BadFile, match="not the truth of a simulated Sun"):
        read_truth(path, START)
