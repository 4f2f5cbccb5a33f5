"""Real files by pattern, and small written ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from small_files import TIME, WAVY, Glow, back, waves

from pipeline.core import SolarImage
from pipeline.simulator.instruments import aia as simulated_aia
from pipeline.simulator.instruments import euvi as simulated_euvi
from pipeline.simulator.instruments import gong as simulated_gong
from pipeline.simulator.instruments import gong_synoptic
from pipeline.simulator.instruments import hmi as simulated_hmi
from pipeline.simulator.sites import SITES


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
    simulated_hmi.write(path, WAVY, TIME, np.random.default_rng(0), size=128)
    return path


@pytest.fixture
def gong(tmp_path: Path) -> Path:
    path = tmp_path / "bbbqa.fits"
    simulated_gong.write(path, simulated_gong.Look(WAVY, TIME, SITES[4], np.random.default_rng(0)))
    return path


@pytest.fixture
def synoptic(tmp_path: Path) -> Path:
    path = tmp_path / "mrzqs.fits"
    gong_synoptic.write(path, waves(*gong_synoptic.GRID.mesh()), TIME, frames=100)
    return path


@pytest.fixture
def aia(tmp_path: Path) -> Path:
    path = tmp_path / "aia.fits"
    simulated_aia.write(path, WAVY, TIME, np.random.default_rng(0), 193, Glow(), size=64)
    return path


@pytest.fixture
def euvi(tmp_path: Path) -> Path:
    path = tmp_path / "n7euA.fts"
    simulated_euvi.write(path, WAVY, TIME, np.random.default_rng(0), 195, Glow(), size=64)
    return path
