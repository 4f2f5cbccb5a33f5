"""Whole cycles with pictures from beside the Earth, on a small simulated archive.

The network knows nothing of the Sun: it takes every picture for a map of positive field, a
hundred gauss for ten times the median brightness, and admits an error of 14 G.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from small_archive import GRID as SMALL
from small_archive import SmallArchive, small_settings, small_sun

from pipeline import publish
from pipeline.acts import farside, intake
from pipeline.acts import networks as chosen_networks
from pipeline.archives import Fetched, Found, local
from pipeline.core import (
    BadFile,
    CarringtonGrid,
    GlobalMap,
    InputFile,
    Quality,
    SolarImage,
    Source,
    earth,
)
from pipeline.cycle import run_cycle
from pipeline.enhance import Engine
from pipeline.instruments import read
from pipeline.publish import ProductSet
from pipeline.settings import EnhanceSettings
from pipeline.simulator.orbits import stereo_a
from pipeline.surface import analyse, blank, forecast, observe

sys.path.append(str(Path(__file__).parents[1] / "enhance"))
from networks import write_network

# STEREO-A stands 160° ahead then: it looks at the side that the Earth does not see.
NOON = datetime(2014, 5, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SIGMA = math.exp(-2.0) * 100.0
GRID = {"radius": 112.0, "side": 240, "north_up": True}
PICTURE = {
    "name": "i193", "kind": "intensity", "wavelength": 193, "normalise": "disk median",
    "clip": (1.0, 1e4), "transform": "log10", "offset": 2.0,
}  # fmt: skip
INPUTS = (PICTURE, {"name": "mask", "kind": "mask"})
TOLD = (
    {"name": "prior", "kind": "prior", "scale": 100.0},
    {"name": "mask", "kind": "mask"},
    {"name": "error", "kind": "sigma", "of": "prior"},
    {"name": "told", "kind": "mask", "of": "prior"},
    PICTURE,
    {"name": "seen", "kind": "mask", "of": "i193"},
)


def install(
    weights: Path,
    kind: str = "log_variance",
    inputs: Sequence[dict[str, object]] = INPUTS,
    **arguments: object,
) -> Path:
    """The network in *weights*; its answer is the first of *inputs*."""
    output = {
        "quantity": "b_los", "scale": 100.0, "field_scale": "hmi", "returns": "network pixels",
        "uncertainty": "log_variance" if kind == "log_variance" else "none", "error_length": 8.0,
    }  # fmt: skip
    write_network(
        weights, kind, **arguments, name="euv-to-mag", task="farside",
        instruments=["euvi-a", "map"], inputs=inputs, grid=GRID, output=output,
    )  # fmt: skip
    return weights


@dataclass
class Site:
    """An archive, a data directory and weights."""

    folder: Path
    networks: Sequence[str] = ("euv-to-mag",)

    def __post_init__(self) -> None:
        self.archive = SmallArchive(self.folder / "archive", NOON)
        self.archive.hmi(NOON)

    def cycle(self, at: datetime) -> ProductSet:
        chosen = EnhanceSettings(networks=self.networks, weights=self.folder / "weights")
        settings = small_settings(self.archive.root, self.folder / "data")
        return run_cycle(at, settings.model_copy(update={"enhance": chosen}))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Where the newest of two pictures is blank."""
    folder = tmp_path_factory.mktemp("site")
    install(folder / "weights", value=-4.0)
    site = Site(folder)
    site.archive.euvi(NOON - HOUR / 2, 195)
    spoil(site.archive.euvi(NOON - HOUR / 3, 195), 0)
    return site


@pytest.fixture(scope="module")
def begun(site: Site) -> ProductSet:
    """Its first products."""
    return site.cycle(NOON)


def wrapped(angle: float) -> float:
    return (angle + 180.0) % 360.0 - 180.0


def spoil(path: Path, counts: int, part: slice = slice(None)) -> None:
    with fits.open(path, mode="update") as file:
        file[0].data[part] = counts


def told(products: ProductSet) -> tuple[list[str], str, Quality]:
    state = publish.read_map(products.files["synchronic"])
    inputs = [entry["instrument"] for entry in publish.describe(products)["inputs"]]
    return inputs, "\n".join(state.notes), state.qc


def test_pictures_become_field_where_only_they_look(begun: ProductSet) -> None:
    inputs, notes, qc = told(begun)
    assert inputs == ["euvi-a", "hmi"]
    assert "114000_n7euA.fts: " in notes  # the blank one; behind it the older one is used
    assert Quality.NETWORK_ABSENT not in qc
    state = publish.read_map(begun.files["synchronic"])
    lon, lat = state.grid.mesh()
    ahead, here = stereo_a(NOON).mu(lon, lat), earth(NOON).mu(lon, lat)
    hidden = (ahead > 0.5) & (here < 0.0)
    assert (state.source[hidden] == Source.EUV).mean() > 0.9
    assert (state.age[hidden] < 1.0).mean() > 0.9
    assert not (state.source[ahead < 0.0] == Source.EUV).any()
    # At disk centre its error is the network's, for neighbours err alike.
    calm = (ahead > 0.9) & (np.abs(state.br) < 10.0)
    assert np.median(state.sigma[calm]) == pytest.approx(SIGMA, rel=0.3)
    (entry,) = [e for e in publish.describe(begun)["inputs"] if e["instrument"] == "euvi-a"]
    assert entry["url"].endswith("113000_n7euA.fts")
    assert entry["networks"].startswith("euv-to-mag/1 on cpu fp32")


def test_the_region_that_only_the_imager_sees_is_listed_and_followed(
    site: Site, begun: ProductSet
) -> None:
    seen = {r["number"]: r for r in publish.describe(begun)["far_side"]}
    place = earth(NOON).carrington_longitude + 150.0
    region = min(seen.values(), key=lambda r: abs(wrapped(r["carrington_longitude"] - place)))
    assert abs(wrapped(region["carrington_longitude"] - place)) < 10.0  # the network is crude
    assert region["evidence"] == ["euv"]
    assert region["last_seen"].startswith("2014-05-20T11:30:0")
    # 120° on to the east limb, give or take the crude place: 9.1 days at 13.2° a day.
    assert "2014-05-28T" < region["limb_return"] < "2014-05-31T"
    site.archive.euvi(NOON + 2 * HOUR / 3, 195)
    products = site.cycle(NOON + HOUR)
    again = {r["number"]: r for r in publish.describe(products)["far_side"]}[region["number"]]
    assert again["first_seen"] == region["first_seen"]
    assert again["last_seen"].startswith("2014-05-20T12:40:0")
    latest = publish.read_farside(site.folder / "data/products/latest/farside.nc")
    assert region["number"] in [r.number for r in latest.regions]
    assert [fault for path in products.files.values() for fault in publish.validate(path)] == []
    json.dumps(publish.describe(products), allow_nan=False)


def test_useless_pictures_are_named_and_missed(tmp_path: Path) -> None:
    install(tmp_path / "weights", value=-4.0)
    site = Site(tmp_path)
    useless = [(0, slice(None)), (16383, slice(None)), (725, slice(0, 64))]
    paths = [site.archive.euvi(NOON - (n + 1) * HOUR / 6, 195) for n in range(len(useless))]
    for path, (counts, part) in zip(paths, useless, strict=True):
        spoil(path, counts, part)
    products = site.cycle(NOON)
    inputs, notes, qc = told(products)
    assert inputs == ["hmi"]
    assert all(path.name in notes for path in paths)
    assert Quality.INSTRUMENT_ABSENT in qc
    state = publish.read_map(products.files["synchronic"])
    assert not (state.source == Source.EUV).any()
    assert [fault for path in products.files.values() for fault in publish.validate(path)] == []


def test_without_a_network_no_picture_is_fetched(tmp_path: Path) -> None:
    site = Site(tmp_path, networks=())
    site.archive.euvi(NOON - HOUR / 3, 195)
    products = site.cycle(NOON)
    inputs, notes, _ = told(products)
    assert inputs == ["hmi"]
    assert "euvi" not in notes
    assert publish.describe(products)["far_side"] == []
    assert not list((tmp_path / "data/cache").rglob("*euA.fts"))


def test_an_imager_that_is_silent_is_missed() -> None:
    settings = small_settings("", Path())
    silent = blank(NOON, CarringtonGrid(360, 180))
    seen = replace(silent, last_observed={"euvi-a": NOON - 23 * HOUR})
    old = replace(silent, last_observed={"euvi-a": NOON - 25 * HOUR})
    came = Found((fetched(-20),))
    for state, found, used, missed in (
        (silent, Found(()), (), True),
        (old, Found(()), (), True),
        (seen, Found(()), (), False),
        (seen, came, (), True),
        (seen, came, ("euvi-a",), False),
    ):
        flag = intake.missed(state, found, ("euvi-a",), used, settings)
        assert (Quality.INSTRUMENT_ABSENT in flag) is missed
    assert intake.missed(silent, Found(()), (), (), settings) is Quality.GOOD


def engine(weights: Path) -> Engine:
    chosen = EnhanceSettings(networks=("euv-to-mag",), weights=weights)
    settings = small_settings("", weights).model_copy(update={"enhance": chosen})
    return chosen_networks.engine("euv-to-mag", settings)


def pictured(folder: Path, wavelength: int) -> list[SolarImage]:
    return [read(local(SmallArchive(folder, NOON).euvi(NOON, wavelength)))]


def carried() -> GlobalMap:
    """A map that knows the Sun of the archive, with an error of 40 G."""
    grid = CarringtonGrid(360, 180)
    br = SMALL.block_mean(small_sun(earth(NOON).carrington_longitude), grid)
    state = blank(NOON, grid)
    return replace(state, br=br.astype(np.float32), sigma=np.full(grid.shape, 40.0, np.float32))


def test_what_the_map_promised_is_no_observation(tmp_path: Path) -> None:
    """A network that repeats what it was told, and is sure of it, leaves the field alone."""
    told_it = engine(install(tmp_path / "weights", inputs=TOLD, value=-4.0))
    state = carried()
    answer = farside.magnetogram(pictured(tmp_path, 195), state, [told_it], [])
    after = analyse(state, observe(answer, state.grid))
    ahead = stereo_a(NOON).mu(*state.grid.mesh()) > 0.4
    assert not np.isfinite(answer.data).any()
    alone = forecast(state, after.time)
    np.testing.assert_array_equal(after.br[ahead], alone.br[ahead])
    np.testing.assert_array_equal(after.source, state.source)


def test_a_picture_that_no_network_takes_is_named(tmp_path: Path) -> None:
    blind = engine(install(tmp_path / "weights", value=-4.0))
    with pytest.raises(BadFile, match="no network makes a magnetogram of it"):
        farside.magnetogram(pictured(tmp_path, 284), carried(), [blind], [])


def test_a_network_that_fails_is_named(tmp_path: Path) -> None:
    steep = ({**PICTURE, "scale": 0.1}, INPUTS[1])
    broken = engine(install(tmp_path / "weights", "nan", steep, above=5.0))  # where it is bright
    lost: list[str] = []
    with pytest.raises(BadFile, match="euv-to-mag/1 could not be computed"):
        farside.magnetogram(pictured(tmp_path, 195), carried(), [broken], lost)
    assert len(lost) == 1


def fetched(minutes: float, archive: str = "euvi beacon") -> Fetched:
    file = InputFile(Path(f"{minutes}"), "", "ab" * 32)
    return Fetched(file, NOON + timedelta(minutes=minutes), archive)


def test_pictures_of_half_an_hour_are_one_look_whatever_came_between() -> None:
    files = [
        fetched(0), fetched(6), fetched(10), fetched(12, "hmi.M_720s (tree)"), fetched(20),
        fetched(30), fetched(66), fetched(67, "gong bbbqa"),
    ]  # fmt: skip
    names = [[look.file.path.name for look in looks] for looks in intake.looks(files)]
    assert names == [["12"], ["0", "6", "10", "20", "30"], ["66"], ["67"]]
