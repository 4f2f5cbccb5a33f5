"""Every fault of an archive: what the operator reads, what is used meanwhile, and the recovery."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from stamina.instrumentation import set_on_retry_hooks
from tiny_archive import NOON, Clock, TinyArchive

from pipeline.archives import GONG_SYNOPTIC, HMI, Fetcher, Group, Ledger
from pipeline.simulator.faults import Fault, Trick
from pipeline.simulator.server import ArchiveServer

TREE = Group("hmi", HMI.tiers[:1])
DRMS = Group("hmi", HMI.tiers[1:])
DAY = timedelta(days=1)
NEWEST, OLDER = "20261120_110000", "20261120_100000"
DIRECTORY = "http://jsoc.stanford.edu/data/hmi/fits/2026/11/20/"
KEPT = r"kept as \S+/quarantine/\S+ and fetched again at the next poll\."
AGAIN = r"the next poll asks again\."


@pytest.fixture
def fetcher(
    tiny: TinyArchive, server: ArchiveServer, fetcher_of: Callable[[str], Fetcher]
) -> Fetcher:
    """Over a server with two magnetograms, of 10 and 11 o'clock TAI."""
    tiny.hmi(NOON - timedelta(hours=2), "_nrt")
    tiny.hmi(NOON - timedelta(hours=1), "_nrt", value=2)
    return fetcher_of(server.url)


def poll(fetcher: Fetcher, group: Group = TREE) -> tuple[str, tuple[str, ...]]:
    """The name of the newest file, or nothing, and the problems."""
    found = fetcher.newest(group, NOON, DAY)
    return found.files[0].file.path.name if found.files else "", found.problems


def odd(kind: str) -> float:
    """Listings of JSOC counted as odd in this way."""
    labels = {"archive": "jsoc.stanford.edu", "oddity": kind}
    return REGISTRY.get_sample_value("allsun_odd_listings_total", labels) or 0.0


@pytest.mark.parametrize(
    ("trick", "requests", "sentence"),
    [
        (Trick.TOO_MANY_REQUESTS, 2, f"answered 429 Too Many Requests; {AGAIN}"),
        (Trick.UNAVAILABLE, 2, f"answered 503 Service Unavailable; {AGAIN}"),
        (Trick.FORBIDDEN, 1, f"answered 403 Forbidden; {AGAIN}"),
        (Trick.GONE, 1, rf"is not there \(404\); {AGAIN}"),
        (Trick.STALLED, 2, rf"sent nothing for 0\.5 s; {AGAIN}"),
        (
            Trick.TRUNCATED,
            2,
            rf"broke off the connection \(.*complete.*\); {AGAIN}",
        ),
        (Trick.WRONG_LENGTH, 1, rf"is cut short \(.*\); {KEPT}"),
        (Trick.WEB_PAGE, 1, f"is a web page instead of FITS; {KEPT}"),
    ],
)
def test_broken_file_is_reported_and_the_next_poll_recovers(
    fetcher: Fetcher, server: ArchiveServer, trick: Trick, requests: int, sentence: str
) -> None:
    server.inject(Fault(trick, match=f"{NEWEST}_TAI.fits", times=requests))
    name, [problem] = poll(fetcher)
    assert re.fullmatch(
        rf"{re.escape(DIRECTORY)}hmi\.M_720s_nrt\.{NEWEST}_TAI\.fits: {sentence}", problem
    )
    assert OLDER in name
    name, problems = poll(fetcher)
    assert NEWEST in name
    assert problems == ()


def test_fault_shorter_than_the_attempts_goes_unnoticed(
    fetcher: Fetcher, server: ArchiveServer
) -> None:
    server.inject(Fault(Trick.TRUNCATED, match=".fits", times=1))
    name, problems = poll(fetcher)
    assert NEWEST in name
    assert problems == ()


def test_gzip_bomb_is_kept_apart(
    tiny: TinyArchive, server: ArchiveServer, fetcher_of: Callable[[str], Fetcher], ledger: Ledger
) -> None:
    path = "services.swpc.noaa.gov/products/gong/zqs/mrzqs261120t1104c.fits.gz"
    tiny.gong(path, NOON - timedelta(hours=1))
    fetcher = fetcher_of(server.url)
    server.inject(Fault(Trick.GZIP_BOMB, match=".fits.gz"))
    name, problems = poll(fetcher, GONG_SYNOPTIC)
    assert name == ""
    assert re.fullmatch(rf"https://{re.escape(path)}: expands beyond 256 MiB; {KEPT}", problems[0])
    assert problems[1].startswith("gong synoptic: no observation from 2026-11-19 12:00Z to")
    [failure] = ledger.failures()
    assert (failure.reason, failure.attempts) == ("expands beyond 256 MiB", 1)
    assert poll(fetcher, GONG_SYNOPTIC) == ("mrzqs261120t1104c.fits.gz", ())
    assert ledger.failures() == ()


def test_file_that_stays_corrupt_is_asked_for_ever_less_often(
    fetcher: Fetcher, server: ArchiveServer, clock: Clock
) -> None:
    server.inject(Fault(Trick.WEB_PAGE, match=NEWEST, times=2))
    poll(fetcher)
    poll(fetcher)
    before = len(server.archive.requests)
    _, [problem] = poll(fetcher)
    assert problem.endswith(
        "is a web page instead of FITS (2 times); it is asked for again after 2026-11-20 13:00Z."
    )
    assert not any(NEWEST in path for path in server.archive.requests[before:])
    clock.now += timedelta(hours=1)
    assert NEWEST in poll(fetcher)[0]


def test_listing_that_cannot_be_had_leaves_what_was_fetched_before(
    fetcher: Fetcher, server: ArchiveServer
) -> None:
    assert NEWEST in poll(fetcher)[0]
    server.inject(Fault(Trick.UNAVAILABLE, match="2026/11/20/", times=2))
    name, [problem] = poll(fetcher)
    assert problem == (f"{DIRECTORY}: answered 503 Service Unavailable; the next poll asks again.")
    assert NEWEST in name
    assert poll(fetcher) == (name, ())


def test_stale_listing_costs_one_poll(fetcher: Fetcher, server: ArchiveServer) -> None:
    server.inject(Fault(Trick.STALE_LISTING, match="2026/11/20/"))
    name, problems = poll(fetcher)
    assert OLDER in name
    assert problems == ()
    assert NEWEST in poll(fetcher)[0]


def test_a_listing_that_lost_a_file_is_counted(fetcher: Fetcher, server: ArchiveServer) -> None:
    before = odd("shrunk")
    poll(fetcher)
    poll(fetcher)
    assert odd("shrunk") == before
    server.inject(Fault(Trick.STALE_LISTING, match="2026/11/20/"))
    poll(fetcher)
    assert odd("shrunk") == before + 1
    poll(fetcher)
    assert odd("shrunk") == before + 1


@pytest.mark.parametrize(
    ("trick", "oddity"), [(Trick.DUPLICATE_SLOT, "repeated"), (Trick.HOSTILE_HREF, "elsewhere")]
)
def test_odd_listing_is_counted_and_changes_nothing(
    fetcher: Fetcher, server: ArchiveServer, trick: Trick, oddity: str
) -> None:
    server.inject(Fault(trick, match="2026/11/20/"))
    before = {kind: odd(kind) for kind in ("repeated", "elsewhere")}
    found = fetcher.between(TREE, NOON - DAY, NOON)
    assert [fetched.file.url.rpartition("/")[0] for fetched in found.files] == [DIRECTORY[:-1]] * 2
    assert found.problems == ()
    assert all(path.startswith("jsoc.stanford.edu/data/") for path in server.archive.requests)
    grown = {kind for kind, count in before.items() if odd(kind) > count}
    assert grown == {oddity}


def test_breaker_opens_after_failures_in_a_row_and_closes_with_a_success(
    fetcher: Fetcher, server: ArchiveServer, clock: Clock
) -> None:
    server.inject(Fault(Trick.UNAVAILABLE, times=5))
    poll(fetcher)  # 20 and 19 November, two attempts each: four failures
    asked = len(server.archive.requests)
    assert asked == 4
    name, problems = poll(fetcher)
    assert name == ""
    assert problems[0] == (
        "jsoc.stanford.edu: failed 4 times in a row (the last time it answered 503 Service "
        "Unavailable); it is left alone until 2026-11-20 12:10Z."
    )
    assert len(server.archive.requests) == asked

    clock.now += timedelta(minutes=11)
    poll(fetcher)
    assert len(server.archive.requests) == asked + 1  # one is let through, and fails
    clock.now += timedelta(minutes=11)
    assert NEWEST in poll(fetcher)[0]


def test_short_retry_after_is_waited_for(fetcher: Fetcher, server: ArchiveServer) -> None:
    waits: list[float] = []
    server.inject(Fault(Trick.TOO_MANY_REQUESTS, match=".fits", retry_after=1))
    set_on_retry_hooks([lambda details: waits.append(details.wait_for)])
    try:
        name, problems = poll(fetcher)
    finally:
        set_on_retry_hooks(None)
    assert waits == [1.0]
    assert NEWEST in name
    assert problems == ()


def test_long_retry_after_leaves_the_host_alone_until_then(
    fetcher: Fetcher, server: ArchiveServer, clock: Clock
) -> None:
    server.inject(Fault(Trick.TOO_MANY_REQUESTS, match=".fits", retry_after=1800))
    _, problems = poll(fetcher)
    assert problems[0].endswith("answered 429 Too Many Requests; the next poll asks again.")
    assert problems[1].endswith("it is left alone until 2026-11-20 12:30Z.")
    asked = len(server.archive.requests)
    clock.now += timedelta(minutes=29)
    poll(fetcher)
    assert len(server.archive.requests) == asked
    clock.now += timedelta(minutes=2)
    assert NEWEST in poll(fetcher)[0]


@pytest.mark.parametrize(
    ("trick", "requests", "sentence"),
    [
        (Trick.DRMS_EMPTY, 2, "hmi: no observation from 2026-11-19 12:00Z to 2026-11-20 12:00Z."),
        (
            Trick.DRMS_OFFLINE,
            2,
            "hmi.M_720s_nrt[2026.11.20_11:00:00_TAI]: has no file online (NoDataDirectory); "
            "the next poll asks again.",
        ),
        (
            Trick.DRMS_PENDING,
            2,
            "hmi.M_720s (DRMS): refused the query (User x@example.org has 1 pending export "
            "requests (JSOC_20261120_0372); please wait until at least one request has completed "
            "before submitting a new one. [status=7]); the next poll asks again.",
        ),
        (
            Trick.UNAVAILABLE,
            4,
            "hmi.M_720s_nrt (DRMS): answered 503 Service Unavailable; the next poll asks again.",
        ),
        (
            Trick.WEB_PAGE,
            2,
            "hmi.M_720s (DRMS): answered with something other than DRMS records; "
            "the next poll asks again.",
        ),
    ],
)
def test_fault_of_drms_is_reported_and_the_next_poll_recovers(
    fetcher: Fetcher,
    server: ArchiveServer,
    trick: Trick,
    requests: int,
    sentence: str,
    clock: Clock,
) -> None:
    server.inject(Fault(trick, match="jsoc_info", times=requests))
    name, problems = poll(fetcher, DRMS)
    assert name == ""
    assert sentence in problems
    clock.now += timedelta(minutes=11)
    name, problems = poll(fetcher, DRMS)
    assert NEWEST in name
    assert problems == ()
