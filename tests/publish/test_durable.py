"""Files are whole or absent, also when the disk fills in the middle."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipeline.core import CannotWrite
from pipeline.publish import durable


@pytest.fixture
def filling() -> Iterator[Callable[[], None]]:
    """Lets no file grow beyond 16 KiB from the call on, as a disk that is full by then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_while_a_library_writes_is_named(
    tmp_path: Path, filling: Callable[[], None]
) -> None:
    path = tmp_path / "map.nc"
    noise = xr.Dataset({"x": ("n", np.random.default_rng(0).normal(size=100_000))})

    def write() -> None:
        with durable.writing(path, 1000) as part:
            filling()
            noise.to_netcdf(part, engine="netcdf4")

    with pytest.raises(CannotWrite, match=rf"^{path}: .*; free some space there"):
        write()
    assert list(tmp_path.iterdir()) == []
