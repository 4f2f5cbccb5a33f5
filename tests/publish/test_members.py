"""The ensemble of a map, packed and unpacked."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from pipeline import publish
from pipeline.core import BadFile, GlobalMap
from pipeline.publish import Provenance
from pipeline.publish.members import STEP


def an_ensemble(sky: GlobalMap, largest: float) -> GlobalMap:
    """*sky* with five members that depart from it by up to *largest* gauss."""
    rng = np.random.default_rng(2)
    departure = rng.uniform(-largest, largest, (5, *sky.br.shape))
    departure -= departure.mean(axis=0)
    return replace(sky, members=(sky.br + departure).astype(np.float32))


@pytest.mark.parametrize("largest", [20.0, 9000.0])
def test_members_return_to_a_step_and_their_mean_is_the_map(
    sky: GlobalMap, provenance: Provenance, tmp_path: Path, largest: float
) -> None:
    map_ = an_ensemble(sky, largest)
    path = tmp_path / "state.nc"
    publish.write_members(path, map_, provenance)
    assert publish.validate(path) == []
    again = publish.with_stored_members(sky, path)
    assert again.members.dtype == np.float32
    step = max(STEP, 2 * largest / 32_000)
    np.testing.assert_allclose(again.members, map_.members, atol=1.1 * step)
    np.testing.assert_allclose(again.members.mean(axis=0), sky.br, atol=1e-6 * largest + 1e-4)


def test_members_of_another_map_are_refused(
    sky: GlobalMap, provenance: Provenance, tmp_path: Path
) -> None:
    path = tmp_path / "state.nc"
    publish.write_members(path, an_ensemble(sky, 20.0), provenance)
    later = replace(sky, time=sky.time + timedelta(hours=1))
    with pytest.raises(BadFile, match=r"state\.nc: it belongs to another map; copy products"):
        publish.with_stored_members(later, path)
    publish.write_synchronic(tmp_path / "map.nc", sky, provenance)
    with pytest.raises(BadFile, match=r"map\.nc: it holds no ensemble of allsun; make it again"):
        publish.with_stored_members(sky, tmp_path / "map.nc")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(BadFile, match=r"state\.nc: it is not a readable NetCDF file"):
        publish.with_stored_members(sky, path)
