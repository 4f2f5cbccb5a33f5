"""Reading files as the daemon does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core import InputFile, SolarImage
from pipeline.instruments import read

Read = Callable[[str], SolarImage]


@pytest.fixture(scope="session")
def observed(real_archive: Path) -> Read:
    """The image in the one real file that matches a pattern."""

    def find(pattern: str) -> SolarImage:
        (path,) = real_archive.glob(pattern)
        return read(InputFile(path, "", ""))

    return find
