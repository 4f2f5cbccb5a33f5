"""Pictures of which a part got no light are refused; spots and holes are no such parts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from small_files import back

from pipeline.core import BadFile
from pipeline.simulator.instruments.euvi import BIAS

HALVES = {
    "left": (slice(None), slice(0, 32)),
    "top": (slice(32, None), slice(None)),
    "a quarter": (slice(0, 32), slice(32, None)),
}


def darkened(path: Path, part: tuple[slice, slice]) -> Path:
    with fits.open(path, mode="update") as file:
        file[0].data[part] = int(BIAS)
    return path


@pytest.mark.parametrize("part", HALVES.values(), ids=HALVES)
def test_a_part_without_light_is_noticed(part: tuple[slice, slice], euvi: Path) -> None:
    with pytest.raises(BadFile, match=r"n7euA\.fts: a part of its disk is dark; take the next"):
        back(darkened(euvi, part))


def test_a_dark_place_is_no_dark_part(euvi: Path) -> None:
    assert back(darkened(euvi, (slice(28, 36), slice(28, 36)))).mask.any()


@pytest.mark.parametrize("counts", [0, 16383], ids=["blank", "saturated"])
def test_a_picture_of_nothing_is_refused(counts: int, euvi: Path) -> None:
    with fits.open(euvi, mode="update") as file:
        file[0].data[:] = counts
    with pytest.raises(BadFile, match=r"n7euA\.fts: "):
        back(euvi)


def test_real_pictures_are_lit(observed: Callable[[str], object]) -> None:
    for wavelength in (94, 131, 171, 193, 211, 335):
        picture = observed(f"jsoc1.stanford.edu/data/aia/synoptic/**/AIA*_{wavelength:04d}.fits")
        assert np.isfinite(picture.data[picture.mask]).all()
