"""Which sets are deleted, and what readers see of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.publish import durable
from pipeline.publish.store import DROPPED, SUFFIX, Store

NOON = datetime(2014, 1, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def put(store: Store, time: datetime, digest: str) -> None:
    def write(path: Path) -> None:
        durable.write(path, digest.encode())

    store.put(time, digest, dict.fromkeys(SUFFIX, write))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three hours, each in two revisions."""
    store = Store(tmp_path)
    for n in range(3):
        put(store, NOON + n * HOUR, f"a{n}")
        put(store, NOON + n * HOUR, f"b{n}")
    return store


def left(store: Store) -> list[tuple[int, int]]:
    """Hours after noon and revisions of the sets, newest first, as the names say."""
    names = sorted((p.name for p in (store.root / ".sets").iterdir()), reverse=True)
    return [(int(name[9:11]) - 12, int(name[-2:])) for name in names]


def files(store: Store) -> int:
    return sum(1 for path in store.root.rglob("allsun_*") if path.is_file())


def test_superseded_revisions_of_old_times_go(store: Store) -> None:
    assert store.prune(NOON - HOUR, NOON + 2 * HOUR) == 2
    assert left(store) == [(2, 1), (2, 0), (1, 1), (0, 1)]
    assert files(store) == 4 * len(SUFFIX)


def test_old_times_go_but_never_the_newest_set(store: Store) -> None:
    before = (store.root / "latest").resolve()
    assert store.prune(NOON + 99 * HOUR, NOON + 99 * HOUR) == 5
    assert left(store) == [(2, 1)]
    assert files(store) == len(SUFFIX)
    assert (store.root / "latest").resolve() == before
    newest = store.newest()
    assert newest is not None
    assert {path.read_text() for path in newest.files.values()} == {"b2"}


def test_what_a_killed_writer_had_dropped_is_deleted_the_next_time(store: Store) -> None:
    one = store.root / ".sets/20140131T1200Z_r00"
    one.rename(one.with_name(f"{DROPPED}{one.name}"))
    assert [s.valid_time for s in store.before(NOON + HOUR)] == [NOON]
    assert store.prune(NOON - HOUR, NOON - HOUR) == 0
    assert left(store) == [(2, 1), (2, 0), (1, 1), (1, 0), (0, 1)]
    assert files(store) == 5 * len(SUFFIX)


def test_an_empty_store_has_nothing_to_delete_and_no_oldest(tmp_path: Path) -> None:
    assert Store(tmp_path).prune(NOON, NOON) == 0
    assert Store(tmp_path).oldest() is None


def test_a_set_says_when_it_was_made_and_the_store_when_it_begins(store: Store) -> None:
    newest = store.newest()
    assert newest is not None
    assert datetime.now(UTC) - newest.created < HOUR
    assert store.oldest() == NOON
