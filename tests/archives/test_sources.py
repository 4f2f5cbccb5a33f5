"""What a host says besides its bytes, and what is believed of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pipeline.archives.sources import LONGEST_WAIT, refusal


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        (" 120\x1d", 120.0),
        ("31536000", LONGEST_WAIT),
        ("9" * 400, LONGEST_WAIT),
        ("Fri, 20 Nov 1926 12:00:00 GMT", 0.0),
        ("Fri, 20 Nov 9999 12:00:00 GMT", LONGEST_WAIT),
        ("Fri, 20 Nov 99999999999 12:00:00 GMT", None),
        ("Fri, 20 Nov -1 12:00:00 GMT", None),
        ("tomorrow", None),
    ],
)
def test_a_host_may_ask_for_patience_up_to_a_day(said: str | None, wait: float | None) -> None:
    assert refusal("http://host/file", 503, said).wait == wait


def test_a_date_without_a_zone_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Denver")
    soon = datetime.now(UTC) + timedelta(minutes=30)
    said = format_datetime(soon).replace("+0000", "-0000")
    wait = refusal("http://host/file", 503, said).wait
    assert wait == pytest.approx(1800.0, abs=60.0)
