"""``allsun transport``: a user's map carried to another time."""

import json
from pathlib import Path

import numpy as np
import pytest
from command import allsun, complaint
from small_archive import SmallArchive

from pipeline import publish


def test_a_product_is_carried_with_its_error_source_and_age(
    products: dict[str, Path], tmp_path: Path
) -> None:
    output = tmp_path / "carried.nc"
    given = ("transport", products["synchronic"], "-o", output, "--json")
    result = allsun(*given, "--to", "2014-05-23T12:00Z")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert (told["valid_time"], told["days"]) == ("2014-05-23T12:00:00Z", 3.0)
    before, after = publish.read_map(products["synchronic"]), publish.read_map(output)
    assert publish.validate(output) == []
    assert np.nanmin(after.age) == pytest.approx(72.0, abs=1.0)
    assert after.area_fractions()["transported"] == 1.0
    assert np.median(after.sigma) > np.median(before.sigma)
    assert after.unsigned_flux == pytest.approx(before.unsigned_flux, rel=0.5)


def test_a_map_of_another_format_is_carried_too(products: dict[str, Path], tmp_path: Path) -> None:
    output = tmp_path / "carried.nc"
    result = allsun("transport", products["wsa"], "--to", "2014-05-21", "-o", output)
    assert result.exit_code == 0, result.stderr
    assert "unsigned flux" in result.stdout
    assert publish.validate(output) == []


def test_what_cannot_be_carried_is_refused_in_a_sentence(
    products: dict[str, Path], small_archive: SmallArchive, tmp_path: Path
) -> None:
    output, map_ = tmp_path / "out.nc", products["synchronic"]
    frame = next(small_archive.root.rglob("hmi*.fits"))
    for path, to, sentence in (
        (map_, "2014-05-19", "A map valid at 2014-05-20T12:00:00Z cannot be carried back to"),
        (map_, "tomorrow", "'tomorrow' is not a date"),
        (tmp_path / "no.nc", "2014-06-01", "no.nc: there is no such file"),
        (frame, "2014-06-01", "this is not a map of the whole sphere"),
        (products["corona"], "2014-06-01", "it is not a synchronic map of allsun"),
    ):
        assert sentence in complaint(allsun("transport", path, "--to", to, "-o", output))
        assert not output.exists()
