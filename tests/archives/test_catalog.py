"""URLs and names of each archive as archives.md gives them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.archives import (
    EUVI,
    GONG_FULL_DISK,
    GONG_SYNOPTIC,
    HMI,
    SEISMIC_GONG,
    SEISMIC_GONG_REGIONS,
    SEISMIC_HMI_REGIONS,
    Group,
    aia,
)
from pipeline.archives.catalog import Tree


@pytest.mark.parametrize(
    ("group", "url", "utc"),
    [
        (
            HMI,
            "http://jsoc.stanford.edu/data/hmi/fits/2026/11/20/"
            "hmi.M_720s_nrt.20261120_000000_TAI.fits",
            "2026-11-19T23:59:23",
        ),
        (
            HMI,
            "http://jsoc.stanford.edu/data/hmi/fits/2014/01/01/hmi.M_720s.20140101_000000_TAI.fits",
            "2013-12-31T23:59:25",
        ),
        (
            aia(193),
            "https://jsoc1.stanford.edu/data/aia/synoptic/nrt/2026/11/20/H0700/"
            "AIA20261120_071200_0193.fits",
            "2026-11-20T07:12:00",
        ),
        (
            aia(94),
            "https://jsoc1.stanford.edu/data/aia/synoptic/2014/01/01/H0000/"
            "AIA20140101_0000_0094.fits",
            "2014-01-01T00:00:00",
        ),
        (
            GONG_FULL_DISK,
            "https://gong2.nso.edu/oQR/bqa/200909/bbbqa090905/bbbqa090905t1854.fits.gz",
            "2009-09-05T18:53:45",
        ),
        (
            GONG_FULL_DISK,
            "https://gong2.nso.edu/ftp/oQR/zqa/202611/lezqa261120/lezqa261120t0004.fits.gz",
            "2026-11-20T00:03:42",
        ),
        (
            GONG_SYNOPTIC,
            "https://services.swpc.noaa.gov/products/gong/zqs/mrzqs260929t1154c.fits.gz",
            "2026-09-29T11:54:00",
        ),
        (
            GONG_SYNOPTIC,
            "https://gong2.nso.edu/oQR/zqs/202609/mrzqs260901/mrzqs260901t0014c2314_029.fits.gz",
            "2026-09-01T00:14:00",
        ),
        (
            GONG_SYNOPTIC,
            "https://gong.nso.edu/data/magmap/QR/bqs/202403/mrbqs240330/"
            "mrbqs240330t0704c2282_071.fits.gz",
            "2024-03-30T07:04:00",
        ),
        (
            EUVI,
            "https://stereo-ssc.nascom.nasa.gov/data/beacon/ahead/secchi/img/euvi/20261120/"
            "20261120_061530_n7euA.fts",
            "2026-11-20T06:15:30",
        ),
        (
            EUVI,
            "https://stereo-ssc.nascom.nasa.gov/pub/ins_data/secchi/L0/a/img/euvi/20261117/"
            "20261117_061530_n4euA.fts",
            "2026-11-17T06:15:30",
        ),
        (
            SEISMIC_GONG,
            "http://farside.nso.edu/oQR/fqo/201403/mrfqo140326/mrfqo140326t1200.fits",
            "2014-03-26T12:00:00",
        ),
        (
            SEISMIC_GONG_REGIONS,
            "https://gong2.nso.edu/oQR/f6x/202611/mrf6x261120/mrf6x261120t0000.txt",
            "2026-11-20T00:00:00",
        ),
        (
            SEISMIC_HMI_REGIONS,
            "http://jsoc.stanford.edu/data/farside/AR_Lists/AR_LIST_2026.11.20_12:00:00.txt",
            "2026-11-20T12:00:00",
        ),
    ],
)
def test_archive_knows_where_a_file_lies_and_when_it_was_taken(
    group: Group, url: str, utc: str
) -> None:
    time = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    directory, _, name = url.rpartition("/")
    homes = [
        tree
        for tier in group.tiers
        for tree in tier
        if isinstance(tree, Tree)
        and f"{directory}/" in tree.directories(time, time)
        and tree.time_of(name, f"{directory}/") == time
    ]
    assert len(homes) == 1


def test_names_that_do_not_belong_are_refused() -> None:
    tree = next(tree for tree in GONG_SYNOPTIC.tiers[1] if isinstance(tree, Tree))
    directory = "https://gong2.nso.edu/oQR/zqs/202609/mrzqs260901/"
    assert tree.time_of("mrzqs260901t0014c2314_029.fits.gz", directory) is not None
    for name in (
        "mrzqs260902t0014c2314_029.fits.gz",  # of another day
        "mrzqs261301t0014c2314_029.fits.gz",  # no such month
        "mrbqs260901t0014c2314_029.fits.gz",
        "mrzqs260901t0014c2314_029.fits.gz.part",
    ):
        assert tree.time_of(name, directory) is None


def test_directories_run_backwards_and_reach_over_midnight_in_the_archives_clock() -> None:
    tree = HMI.tiers[0][0]
    assert isinstance(tree, Tree)
    end = datetime(2014, 1, 2, 23, 59, 25, tzinfo=UTC)
    found = [url[-11:] for url in tree.directories(end - timedelta(days=2), end)]
    assert found == ["2014/01/03/", "2014/01/02/", "2014/01/01/", "2013/12/31/"]
