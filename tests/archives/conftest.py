"""A small archive of tiny files in the real layout, served from loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import postgres
import pytest
from tiny_archive import QUICK, Clock, TinyArchive

from pipeline.archives import Fetcher, Ledger
from pipeline.simulator.server import ArchiveServer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tiny(tmp_path: Path) -> TinyArchive:
    return TinyArchive(tmp_path / "archive")


@pytest.fixture
def server(tiny: TinyArchive) -> Iterator[ArchiveServer]:
    tiny.root.mkdir()
    with ArchiveServer(tiny.root) as server:
        yield server


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield ledger
    ledger.close()


@pytest.fixture
def fetcher_of(
    tmp_path: Path, ledger: Ledger, clock: Clock
) -> Iterator[Callable[[str | Path], Fetcher]]:
    """Makes a fetcher over a mirror; all share one cache and ledger."""
    opened: list[Fetcher] = []

    def make(mirror: str | Path) -> Fetcher:
        fetcher = Fetcher(tmp_path / "cache", ledger, str(mirror), manners=QUICK, clock=clock)
        opened.append(fetcher)
        return fetcher

    yield make
    for fetcher in opened:
        fetcher.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """A PostgreSQL server of one's own."""
    if reason := postgres.why_not():
        pytest.skip(reason)
    with postgres.running() as server:
        yield server
