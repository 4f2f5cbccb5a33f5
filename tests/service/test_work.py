"""Which observations make an hour wait, as the ledger tells."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from small_archive import small_settings

from pipeline.archives import Ledger
from pipeline.archives.ledger import File
from pipeline.service import work
from pipeline.service.hours import HOUR

NOW = datetime(2014, 5, 20, 12, tzinfo=UTC)


def test_what_was_fetched_in_the_future_makes_nothing_wait(tmp_path: Path) -> None:
    settings = small_settings(tmp_path, tmp_path)
    with closing(Ledger(settings.ledger_url)) as ledger:
        for hours, fetched in ((1, NOW - timedelta(minutes=1)), (2, NOW + HOUR)):
            ledger.add(
                File(
                    url=f"http://host/{hours}", sha256=f"{hours}", archive="hmi.M_720s_nrt (tree)",
                    slot=NOW - hours * HOUR, size=1, path=f"{hours}", changed="", modified=None,
                    etag=None, fetched_at=fetched,
                )
            )  # fmt: skip
    came = work.arrivals(settings, NOW - 9 * HOUR, NOW)
    assert came == {NOW - HOUR: NOW - timedelta(minutes=1)}
