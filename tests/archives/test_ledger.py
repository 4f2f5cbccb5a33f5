"""The ledger remembers, whatever database it is in, and survives damage."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import postgres
import pytest

from pipeline.archives.ledger import File, Ledger
from pipeline.core import BadRequest, CannotWrite

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def file(url: str, sha256: str, fetched_at: datetime = NOON) -> File:
    return File(
        url=url,
        sha256=sha256,
        archive="a",
        slot=NOON - timedelta(hours=1),
        size=1,
        path="p",
        changed="",
        modified=None,
        etag=None,
        fetched_at=fetched_at,
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    server: postgres.Server = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    ledger = Ledger(url)
    yield ledger
    ledger.close()


def test_replaced_content_is_another_row_and_the_last_one_counts(ledger: Ledger) -> None:
    ledger.add(file("u", "old"))
    ledger.add(file("u", "new", NOON + timedelta(hours=1)))
    current = ledger.current("u")
    assert current is not None
    assert current.sha256 == "new"
    assert current.slot == NOON - timedelta(hours=1)
    assert [row.sha256 for row in ledger.known("a", NOON - timedelta(days=1), NOON)] == [
        "new",
        "old",
    ]


def test_waits_grow_and_the_record_of_a_failure_stays(ledger: Ledger) -> None:
    waits = []
    for _ in range(7):
        ledger.fail("u", "a", NOON, "is cut short", "quarantine/x", NOON)
        failure = ledger.failure("u")
        assert failure is not None
        waits.append((failure.retry_at - NOON) / timedelta(hours=1))
    assert waits == [0, 1, 3, 7, 15, 24, 24]
    ledger.add(file("u", "good"))
    assert ledger.failure("u") is None
    ledger.fail("u", "a", NOON, "is cut short", "quarantine/x", NOON)
    assert [failure.attempts for failure in ledger.failures()] == [1]


def test_what_is_old_is_forgotten_and_the_rest_is_not(ledger: Ledger) -> None:
    day = timedelta(days=1)
    for age in range(5):
        ledger.add(file(f"u{age}", "s", NOON - age * day))
        ledger.fail(f"v{age}", "a", NOON, "is cut short", "q", NOON - age * day)
    ledger.add(file("u4", "new", NOON))  # its first content goes, the one that replaced it stays
    assert ledger.prune(NOON - 2 * day) == 4
    assert {row.url for row in ledger.known("a", NOON - day, NOON)} == {"u0", "u1", "u2", "u4"}
    assert {failure.url for failure in ledger.failures()} == {"v0", "v1", "v2"}
    current = ledger.current("u4")
    assert current is not None
    assert current.sha256 == "new"
    assert ledger.prune(NOON - 2 * day) == 0


def test_what_it_knows_survives_its_process(ledger: Ledger, url: str) -> None:
    ledger.add(file("u", "s"))
    again = Ledger(url)
    assert [row.fetched_at for row in again.known("a", NOON - timedelta(days=1), NOON)] == [NOON]
    owner = again.owner("p")
    assert owner is not None
    assert (owner.url, owner.modified, owner.etag) == ("u", None, None)
    again.close()


def test_threads_that_enter_one_row_at_once_all_succeed(ledger: Ledger) -> None:
    def enter(n: int) -> None:
        ledger.add(file("u", "same", NOON + timedelta(seconds=n)))
        ledger.fail("v", "a", NOON, "is cut short", "quarantine/x", NOON)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(64)))
    assert len(ledger.known("a", NOON - timedelta(days=1), NOON)) == 1
    assert [failure.url for failure in ledger.failures()] == ["v"]


ENTER = """
import sys
from datetime import UTC, datetime
from pipeline.archives.ledger import File, Ledger
now = datetime(2026, 11, 20, 12, tzinfo=UTC)
ledger = Ledger(sys.argv[1])
for n in range(40):
    url = f"u{n}"
    ledger.fail(url, "a", now, "is cut short", "q", now)
    ledger.add(
        File(url=url, sha256="s", archive="a", slot=now, size=n, path=url, changed="",
             modified=None, etag=None, fetched_at=now)
    )
"""


def test_processes_that_begin_and_fill_it_together_all_succeed(url: str) -> None:
    command = [sys.executable, "-c", ENTER, url]
    together = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in together:
        said = process.communicate()[1]
        assert process.returncode == 0, said
    ledger = Ledger(url)
    assert len(ledger.known("a", NOON, NOON)) == 40
    assert ledger.failures() == ()
    ledger.close()


@pytest.mark.parametrize("damage", [b"not a database at all" * 100, None])
def test_damaged_ledger_is_set_aside_and_begun_anew(tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(f"sqlite:///{path}")
    for n in range(300):
        ledger.add(file(f"u{n}", "s"))
    ledger.close()
    content = path.read_bytes()
    path.write_bytes(damage or content[:8192] + b"\xff" * 8192 + content[16384:])

    ledger = Ledger(f"sqlite:///{path}")
    assert ledger.notice is not None
    assert ledger.notice.startswith(f"{path}: the ledger was damaged (")
    kept = next(tmp_path.glob("ledger.sqlite.damaged-*"))
    assert kept.name in ledger.notice
    assert ledger.current("u1") is None
    ledger.add(file("u1", "s"))
    ledger.close()


def test_place_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match=r"absent/ledger\.sqlite: the ledger cannot be used"):
        Ledger(f"sqlite:///{tmp_path}/absent/ledger.sqlite")


def test_server_that_restarts_is_missed_and_found_again(postgresql: postgres.Server) -> None:
    ledger = Ledger(postgresql.new_database())
    ledger.add(file("u", "s"))
    postgresql.stop()
    try:
        with pytest.raises(CannotWrite, match=r"the ledger cannot be used \(.*the server runs"):
            ledger.current("u")
    finally:
        postgresql.start()
    assert ledger.current("u") is not None
    postgresql.stop()
    postgresql.start()
    ledger.add(file("u", "t", NOON + timedelta(hours=1)))  # though its connection is dead
    assert [row.sha256 for row in ledger.known("a", NOON - timedelta(days=1), NOON)] == ["t", "s"]
    ledger.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://allsun:SECRET@127.0.0.1:1/allsun",
        "postgresql+psycopg://127.0.0.1:1/allsun?user=allsun&password=SECRET",
        "postgresql+psycopg://allsun:SECRET@/allsun?host=/absent",
        "postgresql+psycopg://allsun:SECRET@127.0.0.1:1/allsun?such=SECRET",
        "postgresql+psycopg://allsun:SECRET/SECRET@127.0.0.1/allsun",
        "postgresql+psycopg://allsun:SECRET@127.0.0.1:SECRET/allsun",
        "postgresql+nodriver://allsun:SECRET@127.0.0.1/allsun",
        "oracledb://allsun:SECRET@127.0.0.1/allsun",
        "allsun:SECRET",
    ],
)
def test_no_message_holds_the_password(url: str) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises((BadRequest, CannotWrite)) as caught:
        Ledger(url)
    assert "SECRET" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_wrong_password_is_refused_without_naming_it(postgresql: postgres.Server) -> None:
    with pytest.raises(CannotWrite, match="password authentication failed") as caught:
        Ledger(postgresql.url(password="wrong-and-secret"))  # noqa: S106
    assert "wrong-and-secret" not in str(caught.value)
