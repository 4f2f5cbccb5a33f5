"""Checks on maps whose faults are known, and what the cycle does with a map that fails."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from small_archive import SmallArchive, small_settings, small_sun

from pipeline import publish
from pipeline.acts import quality
from pipeline.core import (
    CarringtonGrid,
    GlobalMap,
    InputFile,
    NotPublished,
    Observation,
    Quality,
    Quantity,
    Severity,
    Source,
    earth,
)
from pipeline.cycle import run_cycle
from pipeline.settings import Settings
from pipeline.surface import Layer

NOON = datetime(2014, 5, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GRID = CarringtonGrid(360, 180)
SETTINGS = Settings()
FILE = InputFile(Path("frame.fits"), "https://example.org/frame.fits", "0" * 64)


def good_map(**changes: object) -> GlobalMap:
    """A small Sun of which HMI has just seen what faces the Earth."""
    here = earth(NOON)
    br = small_sun(here.carrington_longitude).reshape(180, 2, 360, 2).mean(axis=(1, 3))
    br += np.random.default_rng(0).normal(0.0, 5.0, GRID.shape)
    br -= br.mean()
    west = (GRID.lon - here.carrington_longitude + 180.0) % 360.0 - 180.0
    seen = np.broadcast_to(np.abs(west) < 60.0, GRID.shape)
    map_ = GlobalMap(
        time=NOON,
        grid=GRID,
        br=br.astype(np.float32),
        sigma=np.full(GRID.shape, 5.0, np.float32),
        source=np.where(seen, Source.HMI, Source.TRANSPORTED).astype(np.uint8),
        age=np.broadcast_to((west % 360.0) / 360.0 * 27.0 * 24.0, GRID.shape).astype(np.float32),
        last_observed={"hmi": NOON - HOUR, "gong": NOON - 2 * HOUR},
        previous=FILE,
    )
    return replace(map_, **changes)


def layer(instrument: str, br: np.ndarray) -> Layer:
    observation = Observation(instrument, Quantity.B_LOS, NOON, earth(NOON), FILE)
    return Layer(br.astype(np.float64), np.full(br.shape, 5.0), observation)


def good_layers() -> dict[str, Layer]:
    map_ = good_map()
    seen = np.where(map_.source == Source.HMI, map_.br, np.nan)
    return {"hmi": layer("hmi", seen), "gong": layer("gong", seen)}


def failed(map_: GlobalMap, carried: GlobalMap | None = None, **layers: Layer) -> set[str]:
    """Names of the checks that fail; by default against the same map and good frames."""
    found = quality.inspect(map_, carried or good_map(), good_layers() | layers, SETTINGS)
    return {check.name for check in found if not check.passed}


def test_a_good_map_passes_everything() -> None:
    checks = quality.inspect(good_map(), good_map(), good_layers(), SETTINGS)
    assert {c.name: c.sentence for c in checks if not c.passed} == {}
    assert all(math.isfinite(check.value) for check in checks)
    assert quality.conditions(good_map(checks=checks), [], SETTINGS) == Quality.GOOD


def spot(value: float) -> Callable[[GlobalMap], GlobalMap]:
    def spoil(map_: GlobalMap) -> GlobalMap:
        br = map_.br.copy()
        br[90, 100] = value
        return replace(map_, br=br)

    return spoil


def striped(map_: GlobalMap) -> GlobalMap:
    """Two instruments whose zero levels differ, side by side."""
    br = np.where(map_.source == Source.HMI, map_.br + 60.0, map_.br)
    return replace(map_, br=(br - br.mean()).astype(np.float32))


def polar(map_: GlobalMap) -> GlobalMap:
    cap = np.where(GRID.lat > 60.0, 30.0, np.where(GRID.lat < -60.0, -30.0, 0.0))
    return replace(map_, br=(map_.br + cap[:, np.newaxis]).astype(np.float32))


def faint_behind(map_: GlobalMap) -> GlobalMap:
    return replace(map_, br=np.where(map_.source == Source.HMI, map_.br, map_.br / 20.0))


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("finite", spot(math.nan)),
        ("finite", lambda m: replace(m, sigma=np.zeros_like(m.sigma))),
        ("field_strength", spot(4100.0)),
        ("net_flux", lambda m: replace(m, net_flux_removed=0.06 * m.unsigned_flux)),
        ("unsigned_flux_jump", lambda m: replace(m, br=1.2 * m.br)),
        ("unsigned_flux_jump", lambda m: replace(m, br=0.8 * m.br)),
        ("polar_field", polar),
        ("seam", striped),
        ("far_side_flux", faint_behind),
        ("observed_share", lambda m: replace(m, source=np.zeros_like(m.source))),
        ("newest_age", lambda m: replace(m, last_observed={"hmi": NOON - 7 * HOUR})),
        ("newest_age", lambda m: replace(m, last_observed={})),
        ("unseen_share", lambda m: replace(m, age=m.age + np.float32(400.0))),
        ("unseen_share", lambda m: replace(m, age=np.full_like(m.age, np.nan))),
    ],
)
def test_each_check_finds_its_fault(name: str, spoil: Callable[[GlobalMap], GlobalMap]) -> None:
    spoiled = spoil(good_map())
    assert name in failed(spoiled)
    checks = quality.inspect(spoiled, good_map(), good_layers(), SETTINGS)
    flags = quality.conditions(replace(spoiled, checks=checks), [], SETTINGS)
    own = {"net_flux": Quality.FLUX_IMBALANCE, "newest_age": Quality.STALE_INPUT}
    assert own.get(name, Quality.CHECK_FAILED) in flags


def test_instruments_are_held_against_each_other_and_the_map() -> None:
    hmi = good_layers()["hmi"].br
    other = np.random.default_rng(1).normal(0.0, 400.0, GRID.shape)
    assert failed(good_map(), gong=layer("gong", hmi / 1.6)) == {"frame_scale", "hmi_gong_scale"}
    assert "hmi_gong_correlation" in failed(good_map(), gong=layer("gong", hmi + other))
    assert failed(good_map(), gong=layer("gong", -hmi)) == {"hmi_gong_correlation"}
    found = failed(good_map(), hmi=layer("hmi", 3 * hmi))
    assert found == {"frame_flux", "frame_scale", "hmi_gong_scale"}


@pytest.mark.parametrize("instrument", ["hmi", "gong"])
@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_a_frame_of_another_scale_is_found_by_itself_and_beside_the_other(
    instrument: str, factor: float
) -> None:
    wrong = layer(instrument, factor * good_layers()[instrument].br)
    assert failed(good_map(), **{instrument: wrong}) == {"frame_scale", "hmi_gong_scale"}
    alone = quality.inspect(good_map(), good_map(), {instrument: wrong}, SETTINGS)
    assert [c.name for c in alone if not c.passed] == ["frame_scale"]


def test_noise_and_a_zero_point_are_told_apart() -> None:
    hmi = good_layers()["hmi"].br
    spread = np.median(np.abs(hmi[np.isfinite(hmi)]))
    noise = np.random.default_rng(2).normal(0.0, 4 * spread, GRID.shape)
    assert "frame_scale" in failed(good_map(), hmi=layer("hmi", hmi + noise))
    assert "frame_scale" not in failed(good_map(), hmi=layer("hmi", hmi + 3 * spread))
    stated = replace(layer("hmi", hmi + noise), noise=4 * spread)
    assert "frame_scale" not in failed(good_map(), hmi=stated)
    wrong = replace(layer("hmi", 6 * hmi), noise=spread)
    assert "frame_scale" in failed(good_map(), hmi=wrong)


def test_a_noisy_source_beside_a_smooth_one_and_a_region_across_are_no_seam() -> None:
    map_ = good_map()
    smooth = np.zeros(GRID.shape)
    noise = np.random.default_rng(3).normal(0.0, 20.0, GRID.shape)
    beside = replace(map_, br=np.where(map_.source == Source.HMI, noise, smooth))
    assert "seam" not in failed(beside)
    across = np.roll(map_.source == Source.HMI, 1, axis=1) != (map_.source == Source.HMI)
    region = np.where(across & (np.abs(GRID.lat) < 15.0)[:, np.newaxis], 900.0, 0.0)
    assert "seam" not in failed(replace(map_, br=map_.br + region))


def test_a_frame_is_not_held_against_what_the_map_has_not_seen_for_days() -> None:
    wrong = layer("hmi", 1.5 * good_layers()["hmi"].br)
    assert "frame_scale" in failed(good_map(), hmi=wrong)
    # A map this old would count as one that is still filling; here only the age matters.
    old = replace(good_map(), age=good_map().age + np.float32(73.0))
    assert "frame_scale" not in failed(good_map(), old, hmi=wrong)


def test_what_cannot_be_asked_passes_without_a_value() -> None:
    checks = quality.inspect(good_map(), None, {}, SETTINGS)
    unasked = {c.name for c in checks if math.isnan(c.value)}
    assert unasked == {
        "unsigned_flux_jump", "frame_flux", "frame_scale", "hmi_gong_correlation",
        "hmi_gong_scale",
    }  # fmt: skip
    assert all(check.passed for check in checks)


def test_a_map_that_is_still_filling_is_no_measure_of_the_next() -> None:
    filling = good_map(age=np.where(GRID.lon < 180.0, good_map().age, np.float32(np.nan)))
    assert failed(replace(good_map(), br=2 * good_map().br), filling) == set()


def test_a_failed_critical_check_withholds_the_map_until_patience_ends() -> None:
    limits = SETTINGS.quality
    strong = quality.inspect(replace(good_map(), br=2 * good_map().br), good_map(), {}, SETTINGS)
    assert {c.name for c in strong if not c.passed} == {"unsigned_flux_jump"}
    assert {c.severity for c in strong if not c.passed} == {Severity.CRITICAL}
    assert "by +100.0%" in quality.withheld(strong, good_map(), limits)
    assert quality.withheld(strong, None, limits)
    old = good_map(age=np.full(GRID.shape, 25.0, np.float32))
    assert quality.withheld(strong, old, limits) == ""
    holed = quality.inspect(spot(math.nan)(good_map()), old, {}, SETTINGS)
    assert quality.withheld(holed, old, limits)
    lenient = limits.model_copy(update={"critical": ()})
    settings = SETTINGS.model_copy(update={"quality": lenient})
    warned = quality.inspect(replace(good_map(), br=2 * good_map().br), good_map(), {}, settings)
    assert quality.withheld(warned, good_map(), lenient) == ""


def quick_settings(archive: SmallArchive, data: Path) -> Settings:
    settings = small_settings(archive.root, data)
    few = settings.surface.model_copy(update={"members": 2})
    return settings.model_copy(update={"surface": few})


def test_a_cycle_publishes_the_earlier_map_in_place_of_one_that_fails(tmp_path: Path) -> None:
    archive = SmallArchive(tmp_path / "archive", NOON)
    settings = quick_settings(archive, tmp_path / "data")
    archive.synoptic(NOON - 25 * HOUR)
    archive.hmi(NOON)
    before = publish.read_map(run_cycle(NOON, settings).files["synchronic"])
    assert {c.name for c in before.checks if not c.passed} == set()

    archive.spoiled(NOON + HOUR, lambda data: 4.0 * data)
    products = run_cycle(NOON + HOUR, settings)
    state = publish.read_map(products.files["synchronic"])
    assert Quality.WITHHELD | Quality.CHECK_FAILED in state.qc
    assert np.corrcoef(state.br.ravel(), before.br.ravel())[0, 1] > 0.95
    assert state.unsigned_flux == pytest.approx(before.unsigned_flux, rel=0.05)
    assert "this is the earlier map, carried to now" in "\n".join(state.notes)
    assert "The frame of hmi is" in "\n".join(state.notes)
    assert publish.describe(products)["inputs"] == []
    assert state.last_observed == before.last_observed
    assert "frame_flux" in {c.name for c in state.checks if not c.passed}
    assert [fault for path in products.files.values() for fault in publish.validate(path)] == []
    assert run_cycle(NOON + HOUR, settings) == products

    archive.hmi(NOON + HOUR)  # the archive replaces the frame
    state = publish.read_map(run_cycle(NOON + HOUR, settings).files["synchronic"])
    assert Quality.WITHHELD not in state.qc


def test_without_an_earlier_map_nothing_is_published(tmp_path: Path) -> None:
    archive = SmallArchive(tmp_path / "archive", NOON)
    archive.spoiled(NOON, lambda data: 100.0 * data)
    settings = quick_settings(archive, tmp_path / "data")
    with pytest.raises(NotPublished, match=r"is not published: The strongest cell holds \d+ G\."):
        run_cycle(NOON, settings)
    assert publish.Store(tmp_path / "data").newest() is None
