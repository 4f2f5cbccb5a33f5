"""What tests share."""

from pathlib import Path

import pytest

REAL_ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "archive"


@pytest.fixture(scope="session")
def real_archive() -> Path:
    """The folder of real observations beside the checkout."""
    if not REAL_ARCHIVE.is_dir():
        pytest.skip("real observations are absent: no folder ../shared/archive")
    return REAL_ARCHIVE
