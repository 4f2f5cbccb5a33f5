"""Files in, scores out: through the command line."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from numpy.typing import NDArray
from small_sun import GRID, SUN, TIME, observed
from typer.testing import CliRunner, Result

from pipeline import corona, publish
from pipeline.cli import app
from pipeline.core import CarringtonGrid, FarSide
from pipeline.simulator.sun import Moment
from pipeline.simulator.truth import write_day

FINE = CarringtonGrid(360, 180)
CORONA = CarringtonGrid(36, 18)
PROVENANCE = publish.Provenance(TIME, "0123456789ab")


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> publish.ProductSet:
    """A perfect map and its corona."""
    map_ = replace(observed(SUN - SUN.mean()), simulated=True)
    recipe = corona.Recipe(radial_cells=10)
    above = corona.extrapolate(GRID.block_mean(map_.br, CORONA), CORONA, TIME, recipe)
    nobody = FarSide(TIME, (), numbered=0)
    return publish.publish(
        tmp_path_factory.mktemp("data"), map_, above, nobody, PROVENANCE, "digest"
    )


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulation of two hours on a finer grid, whose second is the map's."""
    br = np.kron(SUN - SUN.mean(), np.ones((2, 2))).astype(np.float32)
    folder = tmp_path_factory.mktemp("simulation")
    moments = [(TIME, br), (TIME + timedelta(hours=1), np.roll(br, 90, axis=1))]
    write_day(folder, [Moment(time, FINE, field, ()) for time, field in moments])
    return folder


def score(*words: object) -> Result:
    return CliRunner().invoke(app, ["score", *map(str, words)])


def scored(*words: object) -> Any:
    result = score(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout, parse_constant=pytest.fail)


def test_a_perfect_product(products: publish.ProductSet, truth: Path) -> None:
    table = scored(products.files["synchronic"], truth)
    assert table["valid_time"] == "2014-01-31T00:00:00Z"
    assert table["simulated"]
    whole = table["map"][0]
    assert (whole["sector"], whole["source"], whole["hits"]) == ("whole", "any", 3)
    assert [whole["correlation"][width] for width in "1248"] == pytest.approx([1] * 4)
    assert table["corona"]["open_field_iou"]["whole"] == pytest.approx(1)
    assert table["corona"]["neutral_line_distance"] == pytest.approx(0, abs=0.1)
    assert table["corona"]["open_flux_ratio"] == pytest.approx(1, abs=1e-4)
    assert table["corona"]["wind_speed_correlation"] == pytest.approx(1, abs=1e-3)
    assert table["corona"]["wind_speed_rmse"] == pytest.approx(0, abs=1)
    assert table["absent"] == []
    assert {row["sector"] for row in table["map"] if row["area"] == 0 and row["slope"]["2"] is None}


def test_the_table_for_people_shows_what_has_cells(
    products: publish.ProductSet, truth: Path
) -> None:
    text = score(products.files["synchronic"].parents[4] / "latest/synchronic.nc", truth).output
    rows = [line.split()[:2] for line in text.splitlines()]
    assert ["whole", "any"] in rows
    assert ["hmi", "33.3%"] in rows
    assert not any("gong" in row for row in rows)
    assert "open flux over the truth's: 1.00" in text
    assert "wind speed on the source surface: 0 km/s" in text
    assert max(map(len, text.splitlines())) <= 120


def test_a_map_without_its_set_is_scored_alone_against_another_map(
    products: publish.ProductSet, tmp_path: Path
) -> None:
    copy = shutil.copy(products.files["synchronic"], tmp_path)
    half = tmp_path / "half.nc"
    publish.write_synchronic(half, observed((SUN - SUN.mean()) / 2), PROVENANCE)
    table = scored(half, copy)
    assert table["corona"] is None
    assert table["absent"][0] == "corona: no corona product of the same set lies beside the map"
    assert table["map"][0]["slope"]["2"] == pytest.approx(0.5)


def test_the_picture_shows_truth_product_difference_and_error(
    products: publish.ProductSet, truth: Path, tmp_path: Path
) -> None:
    assert scored(products.files["synchronic"], truth, "--picture", tmp_path / "p.png")["picture"]
    picture = matplotlib.image.imread(tmp_path / "p.png")[..., :3]
    assert picture.shape == (1050, 1600, 3)
    saturation = picture.max(axis=2) - picture.min(axis=2)

    def strong(left: float, low: float) -> np.floating[Any]:
        rows = slice(int(1050 * (1 - low - 0.37)), int(1050 * (1 - low)))
        red_or_blue: NDArray[np.bool_] = saturation[rows, int(1600 * left) : int(1600 * left) + 630]
        return (red_or_blue > 0.5).mean()

    truth_, product, difference = strong(0.055, 0.535), strong(0.49, 0.535), strong(0.055, 0.095)
    assert truth_ == pytest.approx(product, rel=0.02)
    assert truth_ > difference + 0.005


def test_what_cannot_be_compared_is_said_in_one_sentence(
    products: publish.ProductSet, truth: Path, tmp_path: Path
) -> None:
    map_file = products.files["synchronic"]
    later = tmp_path / "later.nc"
    state = publish.read_map(map_file)
    publish.write_synchronic(later, replace(state, time=TIME + timedelta(hours=3)), PROVENANCE)
    coarse = tmp_path / "coarse"
    small = CarringtonGrid(60, 45)
    write_day(coarse, [Moment(TIME, small, np.zeros(small.shape, np.float32), ())])
    gaps = tmp_path / "gaps"
    write_day(gaps, [Moment(TIME, GRID, np.full(GRID.shape, np.nan, np.float32), ())])
    garbage = tmp_path / "garbage.nc"
    garbage.write_bytes(b"no NetCDF")
    cases = {
        (later, truth): "the truth at 2014-01-31T03:00:00Z is not there",
        (map_file, later): "valid at 2014-01-31T03:00Z, the map at 2014-01-31T00:00Z",
        (map_file, coarse): "60x45 cells cannot be averaged to 180x90",
        (map_file, gaps): "16200 cells have no value",
        (map_file, tmp_path): "there is no such file",
        (map_file, tmp_path / "absent.nc"): "there is no such file",
        (map_file, garbage): "not a readable NetCDF file",
        (garbage, truth): "not a readable NetCDF file",
        (products.files["corona"], truth): "not a synchronic map of allsun",
        (map_file, products.files["corona"]): "not the truth of a simulated Sun",
        (map_file, truth, "--picture", map_file): "the picture is a PNG",
    }
    for words, problem in cases.items():
        result = score(*words)
        assert result.exit_code == 1
        assert problem in result.stderr
        assert result.stderr.startswith("allsun: ")
        assert result.stderr.count("\n") == 1
        assert "Traceback" not in result.stderr
