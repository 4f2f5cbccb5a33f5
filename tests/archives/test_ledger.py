"""The ledger remembers, and survives damage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.archives.ledger import File, Ledger
from pipeline.core import CannotWrite

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
