"""Real files by pattern, and small written ones."""

from collections.abc import Callable
from pathlib import Path

import pytest
from small_files import STEREO_A, TIME, back, glow, waves

from pipeline.core import SolarImage
from pipeline.simulator import frames


@pytest.fixture(scope="session")
def observed(real_archive: Path) -> Callable[[str], SolarImage]:
    """The image in the one real file that matches a pattern."""

    def find(pattern: str) -> SolarImage:
        (path,) = real_archive.glob(pattern)
        return back(path)

    return find


@pytest.fixture
def hmi(tmp_path: Path) -> Path:
    path = tmp_path / "hmi.M_720s.fits"
    frames.write_hmi(path, waves, TIME, size=128)
    return path


@pytest.fixture
def gong(tmp_path: Path) -> Path:
    path = tmp_path / "bbbqa.fits"
    frames.write_gong(path, waves, TIME)
    return path


@pytest.fixture
def synoptic(tmp_path: Path) -> Path:
    path = tmp_path / "mrzqs.fits"
    frames.write_gong_synoptic(path, waves, TIME)
    return path


@pytest.fixture
def aia(tmp_path: Path) -> Path:
    path = tmp_path / "aia.fits"
    frames.write_aia(path, glow, TIME, 193, size=64)
    return path


@pytest.fixture
def euvi(tmp_path: Path) -> Path:
    path = tmp_path / "n7euA.fts"
    frames.write_euvi(path, glow, TIME, 195, STEREO_A, size=64)
    return path
