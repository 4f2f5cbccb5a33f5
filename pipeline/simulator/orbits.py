"""Where STEREO-A is.

It drifts ahead of the Earth by 22 degrees a year and stood at Stonyhurst longitude
+72.7 degrees on 2026-11-20; before and after, the same straight line is used, which
is good to a few degrees for as long as the spacecraft flies. Its orbit lies in the
ecliptic: at an angle ahead it sees the Sun's equator as the Earth will that much later.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.core import Observer, earth
from pipeline.core.grid import R_SUN_CM
from pipeline.simulator.files import AU_M

EPOCH = datetime(2026, 11, 20, tzinfo=UTC)
YEAR = timedelta(days=365.25)
AHEAD = 72.7  # deg at EPOCH
DRIFT = 22.0  # deg a year
DISTANCE = 0.96  # au, the mean


def separation(time: datetime) -> float:
    """How far STEREO-A is ahead of the Earth, deg of Stonyhurst longitude, -180 to 180."""
    return (AHEAD + DRIFT * ((time - EPOCH) / YEAR) + 180.0) % 360.0 - 180.0


def stereo_a(time: datetime) -> Observer:
    """STEREO-A as an observer."""
    ahead = separation(time)
    return Observer(
        carrington_longitude=(earth(time).carrington_longitude + ahead) % 360.0,
        latitude=latitude(time, ahead),
        distance=DISTANCE * AU_M * 100.0 / R_SUN_CM,
    )


def latitude(time: datetime, ahead: float) -> float:
    """Heliographic latitude [deg] of a place in the ecliptic *ahead* deg of the Earth."""
    return earth(time + ahead / 360.0 * YEAR).latitude
