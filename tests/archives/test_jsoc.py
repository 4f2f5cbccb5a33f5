"""HMI through DRMS: the same observation as through the tree."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from tiny_archive import NOON, QUICK, TinyArchive

from ops.fuzzing.parsers import answering
from pipeline.archives import HMI, Fetcher, Group
from pipeline.archives.catalog import DrmsSeries
from pipeline.archives.jsoc import Jsoc, fits_keyword
from pipeline.archives.politeness import Trouble
from pipeline.archives.sources import Web
from pipeline.simulator.faults import Fault, Trick
from pipeline.simulator.server import ArchiveServer

DRMS = Group("hmi", HMI.tiers[1:])
DAY = timedelta(days=1)


def test_record_becomes_a_file_like_that_of_the_tree(
    real_archive: Path, fetcher_of: Callable[[str], Fetcher]
) -> None:
    with ArchiveServer(real_archive) as server:
        found = fetcher_of(server.url).newest(DRMS, datetime(2014, 1, 28, tzinfo=UTC), DAY)
    [fetched] = found.files
    assert found.problems == ()
    assert fetched.time == datetime(2014, 1, 27, 23, 59, 25, tzinfo=UTC)
    name = "hmi.M_720s.20140128_000000_TAI.fits"
    assert fetched.file.path.name == name
    tree = real_archive / "jsoc.stanford.edu/data/hmi/fits/2014/01/28" / name
    with fits.open(fetched.file.path, checksum=True) as ours, fits.open(tree) as theirs:
        np.testing.assert_array_equal(ours[1].data, theirs[1].data)
        told = {k: v for k, v in theirs[1].header.items() if k != "COMMENT" and v != "nan"}
        assert {k: ours[1].header[k] for k in told} == pytest.approx(told)


def test_tree_that_fails_is_replaced_by_drms(
    tiny: TinyArchive, server: ArchiveServer, fetcher_of: Callable[[str], Fetcher]
) -> None:
    tiny.hmi(NOON - timedelta(hours=1), "_nrt")
    server.inject(Fault(Trick.FORBIDDEN, match="/data/hmi/", times=2))
    found = fetcher_of(server.url).newest(HMI, NOON, DAY)
    assert [fetched.archive for fetched in found.files] == ["hmi.M_720s_nrt (DRMS)"]
    assert all("answered 403 Forbidden" in problem for problem in found.problems)
    assert fits.getheader(found.files[0].file.path, 1)["QUALITY"] == 0x400


def test_record_is_fetched_once(
    tiny: TinyArchive, server: ArchiveServer, fetcher_of: Callable[[str], Fetcher]
) -> None:
    tiny.hmi(NOON - timedelta(hours=1), "_nrt")
    fetcher = fetcher_of(server.url)
    first = fetcher.newest(DRMS, NOON, DAY)
    assert fetcher.newest(DRMS, NOON, DAY) == first
    assert sum("/SUM" in path for path in server.archive.requests) == 1


def test_folder_has_no_drms(tiny: TinyArchive, fetcher_of: Callable[[str | Path], Fetcher]) -> None:
    tiny.hmi(NOON - timedelta(hours=1), "_nrt")
    found = fetcher_of(tiny.root).newest(DRMS, NOON, DAY)
    assert found.files == ()
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    ("drms", "keyword"),
    [("DATE__OBS", "DATE-OBS"), ("T_REC_epoch", "TRECEPOC"), ("CRLN_OBS", "CRLN_OBS")],
)
def test_keywords_are_named_as_in_jsoc_exports(drms: str, keyword: str) -> None:
    assert fits_keyword(drms) == keyword


RECORD = "2026.11.20_03:00:00_TAI"


@pytest.mark.parametrize(
    ("slot", "path", "found", "problem"),
    [
        (RECORD, "/SUM1/D2/S00000/magnetogram.fits", 1, None),
        (RECORD, "/SUM1/../../../etc/magnetogram.fits", 0, "lies at no path in storage"),
        (RECORD, "/SUM1/%2e%2e/magnetogram.fits", 0, "lies at no path in storage"),
        (RECORD, "//other.example/magnetogram.fits", 0, "lies at no path in storage"),
        (RECORD, "/SUM1/D2?key=\x00", 0, "lies at no path in storage"),
        ("2026.12.20_03:00:00_TAI", "/SUM1/D2/S00000/magnetogram.fits", 0, None),
        ("0000.00.00_00:00:00_TAI", "/SUM1/D2/S00000/magnetogram.fits", 0, "has no time"),
        (RECORD, 5, 0, "something other than DRMS records"),
    ],
)
def test_a_record_is_believed_only_within_its_storage_and_the_time_asked_for(
    slot: str, path: object, found: int, problem: str | None
) -> None:
    columns = {"keywords": [{"name": "T_REC", "values": [slot]}]}
    segments = [{"name": "magnetogram", "values": [path]}]
    answer = {**columns, "segments": segments, "count": 1, "status": 0}
    (series, _) = HMI.tiers[1]
    assert isinstance(series, DrmsSeries)
    with answering() as canned:
        canned.body = json.dumps(answer).encode()
        client = Jsoc(Web("http://record.invalid", QUICK, lambda: NOON))
        try:
            remotes, troubles = client.records(series, NOON - DAY, NOON)
        except Trouble as trouble:
            remotes, troubles = (), (trouble,)
    assert len(remotes) == found
    assert len(troubles) == bool(problem)
    assert all((problem or "") in str(trouble) for trouble in troubles)
