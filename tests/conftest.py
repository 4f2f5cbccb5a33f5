"""What tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

REAL_ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "archive"


@pytest.fixture(scope="session")
def real_archive() -> Path:
    """The folder of real observations beside the checkout."""
    if not REAL_ARCHIVE.is_dir():
        pytest.skip("real observations are absent: no folder ../shared/archive")
    return REAL_ARCHIVE


@pytest.fixture(scope="session", autouse=True)
def default_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings of this machine's operator do not reach the tests."""
    file = tmp_path_factory.mktemp("settings") / "allsun.toml"
    file.write_text("")
    with pytest.MonkeyPatch.context() as environment:
        for name in os.environ:
            if name.startswith("ALLSUN_"):
                environment.delenv(name)
        environment.setenv("ALLSUN_CONFIG", str(file))
        yield
