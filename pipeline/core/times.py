"""Clocks and slots.

Inside the house every time is a timezone-aware UTC :class:`datetime`. Files
speak other scales: HMI and MDI write International Atomic Time (TAI), GONG
full-disk frames write GPS time. They are converted here, with the leap seconds
that held on the date (astropy's built-in table; nothing is downloaded).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from astropy.time import Time

from pipeline.core.errors import BadRequest

TAI_MINUS_GPS = timedelta(seconds=19)  # constant by definition of GPS time (IS-GPS-200)


def parse_utc(text: str) -> datetime:
    """Read a UTC time such as ``2014-01-31T00:00Z``; a missing zone means UTC.

    Raises
    ------
    BadRequest : the text is not an ISO 8601 date or time.
    """
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadRequest(
            f"{text!r} is not a date; write it like 2014-01-31 or 2014-01-31T12:00Z (UTC)."
        ) from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def from_tai(time: datetime) -> datetime:
    """UTC of a naive *time* read from a TAI clock."""
    utc: datetime = Time(time, scale="tai").utc.to_datetime(timezone=UTC)
    return utc


def to_tai(time: datetime) -> datetime:
    """Naive TAI clock reading at the UTC *time*."""
    tai: datetime = Time(time.astimezone(UTC).replace(tzinfo=None), scale="utc").tai.to_datetime()
    return tai


def from_gps(time: datetime) -> datetime:
    """UTC of a naive *time* read from a GPS clock."""
    return from_tai(time + TAI_MINUS_GPS)


def stamp(time: datetime) -> str:
    """The form a valid time takes in product names: ``20140131T0000Z``."""
    return f"{time.astimezone(UTC):%Y%m%dT%H%MZ}"
