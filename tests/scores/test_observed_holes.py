"""Coronal holes of a picture against a corona's open field."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from plain_corona import plain_corona
from small_sun import GRID, observed

from pipeline import archives, instruments, publish
from pipeline.acts.coronal_holes import observed_holes
from pipeline.core import (
    BadRequest,
)
from pipeline.publish import Provenance
from pipeline.scores.observed_holes import against_picture, as_json


def test_open_field_is_held_against_a_real_picture(real_archive: Path, tmp_path: Path) -> None:
    found = real_archive / "jsoc1.stanford.edu/data/aia/synoptic/2014/01/01/H0000"
    (file,) = found.glob("*_0193.fits")
    image = instruments.read(archives.local(file))
    holes, _ = observed_holes(image, GRID)
    assert 0.002 < holes.mean() < 0.1
    # A corona that is open just there, under a field that points outward there.
    time = datetime(2014, 1, 1, tzinfo=UTC)
    br = np.where(holes, 3.0, -1.0).astype(np.float32)
    map_ = replace(observed(br), time=time)
    name = "20140101T0000Z_r00"
    right = plain_corona(time, GRID, open_field=holes.astype(np.int8))
    provenance = Provenance(time, "0" * 64)
    product = tmp_path / f"allsun_synchronic_{name}.nc"
    publish.write_synchronic(product, map_, provenance)
    publish.write_corona(tmp_path / f"allsun_corona_{name}.nc", right, map_, provenance)
    found = against_picture(product, file)
    score = found.hole_score
    assert as_json(found)["picture"] == "aia 193 Å"
    assert score.overlap > 0.95
    assert score.unipolarity == pytest.approx(1.0, abs=0.05)
    assert score.observed_flux == pytest.approx(3.0 * holes.sum() * GRID.cell_area, rel=0.05)
    late = replace(map_, time=time + timedelta(days=2))
    publish.write_synchronic(product, late, provenance)
    with pytest.raises(BadRequest, match=r"2\.0 days from the map"):
        against_picture(product, file)
