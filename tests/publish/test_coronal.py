"""What the corona product says beside its maps."""

from dataclasses import replace
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from pipeline.core import Corona, GlobalMap
from pipeline.core.corona import HoleScore, ObservedHoles
from pipeline.publish.coronal import write_corona
from pipeline.publish.provenance import Provenance


def test_it_tells_how_open_field_fares_beside_observed_holes(
    tmp_path: Path, sky: GlobalMap, corona: Corona, provenance: Provenance
) -> None:
    nowhere = np.zeros(corona.grid.shape, bool)
    held = replace(
        corona,
        observed=ObservedHoles(sky.time, "euvi-a 195 Å", nowhere, nowhere),
        hole_score=HoleScore(0.4, 0.02, 0.03, 2e21, 3e21, 0.8),
    )
    for name, one in (("with", held), ("without", corona)):
        write_corona(tmp_path / f"{name}.nc", one, sky, provenance)
    with netCDF4.Dataset(tmp_path / "with.nc") as file:
        assert file.observed_holes_picture == "euvi-a 195 Å 2014-01-31T00:00:00+00:00"
        assert file.observed_holes_overlap == pytest.approx(0.4)
        assert file.observed_holes_unipolarity == pytest.approx(0.8)
    with netCDF4.Dataset(tmp_path / "without.nc") as file:
        assert file.observed_holes_picture == "none"
        assert "observed_holes_overlap" not in file.ncattrs()
