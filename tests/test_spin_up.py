"""A cold start from days of frames: each hour answers for what it brought."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import xarray as xr
from small_archive import SmallArchive, small_settings

from pipeline.core.geometry import Floats
from pipeline.cycle import run_cycle

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def off_zero(data: Floats) -> Floats:
    return data + 20.0


def test_net_flux_of_the_first_frame_is_not_laid_to_the_last(tmp_path: Path) -> None:
    """A zero point off by 20 G in the first of three daily frames.

    Of that a map which is balanced at its end only still has a fifth of its unsigned flux.
    """
    archive = SmallArchive(tmp_path / "archive", NOON)
    archive.spoiled(NOON - 2 * DAY, off_zero)
    archive.hmi(NOON - DAY)
    archive.hmi(NOON)
    settings = small_settings(archive.root, tmp_path / "data")
    products = run_cycle(NOON, settings, spinup=3 * DAY)
    with xr.open_dataset(products.files["synchronic"]) as data:
        part = abs(float(data["net_flux_removed"]) / float(data["unsigned_flux"]))
    assert part < 0.13
