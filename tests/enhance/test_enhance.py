"""Images through small real networks: geometry, gaps, tiles, errors, and what is written down."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from known_images import EARTH, TIME, channel, disk, glow, image, patch, pattern
from networks import gaussian
from running import opened
from scipy.ndimage import convolve

from pipeline.core import BadFile, BadRequest, Disk, Inference, Quantity, SolarImage
from pipeline.enhance import enhance
from pipeline.enhance.frames import radius_map, scaled

GAP = (slice(30, 40), slice(50, 60))
EARLIER = Inference("other/2", "f" * 64, "cpu fp32", 0.0, 0.0, 1.0)


def check_gaps(result: SolarImage, mask: np.ndarray) -> None:
    np.testing.assert_array_equal(result.mask, mask)
    np.testing.assert_array_equal(np.isfinite(result.data), mask)
    if result.sigma is not None:
        np.testing.assert_array_equal(np.isfinite(result.sigma), mask)
    assert (result.data.dtype, result.unit) == (np.float32, "G")


@pytest.mark.parametrize("shape", [(96, 96), (91, 83)])
def test_a_network_that_changes_nothing_changes_nothing(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    for north, grid in ((0.0, {}), (180.0, {"north_up": True}), (33.0, {})):
        seen = image(disk(north=north), shape, gap=GAP)
        weights = tmp_path / f"{north}"
        result = enhance([seen], opened(weights, "identity", grid=grid, stride=8))
        check_gaps(result, seen.mask)
        np.testing.assert_allclose(result.data[seen.mask], seen.data[seen.mask], rtol=1e-6)
        assert result.geometry == seen.geometry


def test_a_patch_passes_as_a_disk_does(tmp_path: Path) -> None:
    seen = image(patch(), (60, 80), gap=(slice(20, 25), slice(20, 25)))
    result = enhance([seen], opened(tmp_path, "identity", grid={"pixel_scale": (0.45, 0.6)}))
    check_gaps(result, seen.mask)
    np.testing.assert_allclose(result.data[seen.mask], seen.data[seen.mask], rtol=1e-6)
    assert result.geometry == seen.geometry


def test_the_kernel_acts_on_the_right_pixels_of_a_frame_upside_down(tmp_path: Path) -> None:
    """A kernel that is symmetric commutes with the turn; zeros stand beyond the mask."""
    seen = image(disk(north=180.0), gap=GAP)
    result = enhance([seen], opened(tmp_path, "blur", radius=4, grid={"north_up": True}))
    expected = convolve(np.nan_to_num(seen.data), gaussian(4), mode="constant")
    np.testing.assert_allclose(result.data[seen.mask], expected[seen.mask], atol=1e-3)


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("north", [0.0, 180.0])
def test_finer_pixels_lie_where_they_belong(tmp_path: Path, factor: int, north: float) -> None:
    seen = image(disk(north=north), (91, 83), gap=GAP)
    network = opened(tmp_path, "identity", factor=factor, grid={"north_up": True}, stride=8)
    result = enhance([seen], network)
    assert result.data.shape == (91 * factor, 83 * factor)
    assert result.geometry == scaled(seen.geometry, factor)
    blocks = seen.data.repeat(factor, axis=0).repeat(factor, axis=1)
    limb = radius_map(result.geometry, EARTH, result.data.shape) < 1.0
    check_gaps(result, np.isfinite(blocks) & limb)
    np.testing.assert_allclose(result.data[result.mask], blocks[result.mask], rtol=1e-6)


def test_turned_and_resampled_images_come_back_to_their_own_pixels(tmp_path: Path) -> None:
    seen = image(disk(north=25.0), gap=GAP)
    grid = {"radius": 60.0, "side": 132, "north_up": True}
    result = enhance([seen], opened(tmp_path, "identity", grid=grid))
    assert result.geometry == seen.geometry
    assert not (result.mask & ~seen.mask).any()
    np.testing.assert_array_equal(np.isfinite(result.data), result.mask)
    lost = seen.mask & ~result.mask  # at most a rim of a pixel along gap and limb
    assert np.count_nonzero(lost) < 4 * 10 + 2 * np.pi * 40.3
    inside = result.mask & (radius_map(disk(), EARTH, (96, 96)) < 0.9)
    error = (result.data - seen.data)[inside]
    assert np.sqrt(np.mean(error**2)) < 0.03 * 300.0  # two interpolations; see test_frames


def test_a_gap_too_small_for_the_network_to_see_stays_a_gap(tmp_path: Path) -> None:
    seen = image(disk(), gap=(slice(40, 41), slice(40, 41)))
    coarse = opened(tmp_path, "identity", grid={"radius": 20.0, "side": 50})
    result = enhance([seen], coarse)
    assert result.mask[38:44, 38:44].sum() == 35
    assert np.isnan(result.data[40, 40])


def test_or_stay_on_those_of_the_network_where_the_card_says_so(tmp_path: Path) -> None:
    seen = image(disk(north=25.0))
    grid = {"radius": 60.0, "side": 132, "north_up": True}
    output = {"quantity": "b_los", "scale": 100.0, "returns": "network pixels"}
    result = enhance([seen], opened(tmp_path, "identity", grid=grid, output=output))
    assert result.geometry == Disk(65.5, 65.5, 60.0, 0.0, EARTH)
    expected = pattern(*result.geometry.sphere(*np.meshgrid(np.arange(132), np.arange(132))))
    inside = radius_map(result.geometry, EARTH, (132, 132)) < 0.9
    assert np.sqrt(np.mean((result.data - expected)[inside] ** 2)) < 0.03 * 300.0


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("tile", [16, 24, 40, 100])
def test_tiles_give_what_the_whole_disk_gives(tmp_path: Path, seed: int, tile: int) -> None:
    """To 1e-3 G in single precision, whatever the tiles (the project's requirement)."""
    rng = np.random.default_rng(seed)
    shape = (211, 190)
    seen = image(disk(200, north=3.0), shape, data=rng.normal(0.0, 300.0, shape), gap=GAP)
    network = opened(tmp_path / "a", "unet", width=4, depth=2 + seed, seed=seed)
    whole = enhance([seen], network)
    assert np.std(whole.data[whole.mask] - seen.data[whole.mask]) > 1.0  # it does something
    tiled = enhance([seen], network, tile)
    np.testing.assert_array_equal(tiled.mask, whole.mask)
    np.testing.assert_allclose(tiled.data, whole.data, atol=1e-3, rtol=0)


@pytest.mark.parametrize("pixels", [130**2, 160**2])
def test_memory_that_holds_no_whole_disk_gives_it_nevertheless(tmp_path: Path, pixels: int) -> None:
    rng = np.random.default_rng(pixels)
    seen = image(disk(200), (211, 190), data=rng.normal(0.0, 300.0, (211, 190)))
    whole, bounded = (
        enhance([seen], opened(tmp_path / f"{room}", "unet", depth=3, pixels=room))
        for room in (None, pixels)
    )
    np.testing.assert_allclose(bounded.data, whole.data, atol=1e-3, rtol=0)


def test_seams_of_finer_pixels_cannot_be_seen_either(tmp_path: Path) -> None:
    seen = image(disk(), gap=GAP)
    whole, tiled = (
        enhance([seen], opened(tmp_path / f"{tile}", "identity", factor=4), tile)
        for tile in (None, 20)
    )
    np.testing.assert_allclose(tiled.data, whole.data, atol=1e-3, rtol=0)


def test_standard_errors_travel_with_the_image(tmp_path: Path) -> None:
    seen = image(disk(), gap=GAP)
    told = {"quantity": "b_los", "scale": 100.0, "error_length": 2.5}
    output = told | {"uncertainty": "log_variance", "sigma_scale": 1.5}
    network = opened(tmp_path, "log_variance", value=2 * math.log(0.04), output=output)
    result = enhance([seen], network, 32)
    check_gaps(result, seen.mask)
    assert result.sigma is not None
    np.testing.assert_allclose(result.sigma[seen.mask], 1.5 * 4.0, rtol=1e-5)
    assert result.observation.noise == pytest.approx(6.0)
    assert result.observation.noise_length == 2.5
    twice = {"grid": {"radius": 80.64, "side": 200}, "output": output | {"sigma_scale": 1.0}}
    finer = opened(tmp_path / "finer", "log_variance", value=2 * math.log(0.04), **twice)
    back = enhance([seen], finer)
    # On pixels twice as large again, errors alike over 2.5 small ones are alike over 1.25.
    assert back.observation.noise_length == pytest.approx(1.25)
    assert back.sigma is not None
    np.testing.assert_allclose(back.sigma[back.mask], 4.0, rtol=1e-5)


def test_ensembles_and_samples(tmp_path: Path) -> None:
    seen = image(disk())
    members = ({"offsets": (-1.0, 0.0, 1.0)}, {"offsets": (-2.0, 0.0, 2.0)})
    result = enhance([seen], opened(tmp_path, "samples", members=members), 40)
    assert result.sigma is not None
    # Variances 1 and 4, no difference of the means.
    np.testing.assert_allclose(result.sigma[seen.mask], 100 * 2.5**0.5, rtol=1e-4)
    np.testing.assert_allclose(result.data[seen.mask], seen.data[seen.mask], atol=1e-3)


def test_what_was_done_is_written_down(tmp_path: Path) -> None:
    inputs = (channel("field", scale=100.0, trained=(-200.0, 200.0)), channel("mask"))
    output = {"quantity": "b_los", "scale": 100.0, "field_scale": "hmi"}
    network = opened(tmp_path, "identity", inputs=inputs, output=output)
    seen = image(disk(), instrument="gong", noise=3.4)
    first = replace(seen.observation, inferences=(EARLIER,))
    result = enhance([replace(seen, observation=first)], network)
    done = result.observation
    assert done == replace(first, scale="hmi", inferences=done.inferences)
    before, inference = done.inferences
    assert before == EARLIER
    assert (inference.network, inference.sha256) == ("identity/1", network.digest)
    assert inference.provider == network.provider
    assert inference.outside == pytest.approx((np.abs(seen.data[seen.mask]) > 200).mean())
    assert inference.seconds > 0
    assert any("of field lies beyond what identity/1 was trained on" in n for n in inference.notes)


EUV = (
    channel("i304", "intensity", wavelength=304, scale=100.0),
    channel("mask"),
)


def test_a_far_side_is_a_field_when_it_comes_out(tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "inputs": EUV,
        "instruments": ["euvi-a"],
        "task": "farside",
        "grid": {"radius": 45.0, "side": 104, "north_up": True},
        "output": {"quantity": "b_los", "scale": 100.0, "returns": "network pixels"},
    }
    seen = glow(304, quick_look=True)
    result = enhance([seen], opened(tmp_path, "identity", **changes))
    observation = result.observation
    assert observation.quantity is Quantity.B_LOS
    assert observation.wavelength is None
    assert math.isnan(observation.noise)
    assert (observation.time, observation.observer) == (TIME, EARTH)
    assert observation.quick_look
    assert result.data.shape == (104, 104)


def test_wrong_requests_are_refused_in_a_sentence(tmp_path: Path) -> None:
    network = opened(tmp_path, "identity")
    with pytest.raises(BadRequest, match="identity/1 needs an image; give one"):
        enhance([], network)
    with pytest.raises(BadRequest, match="A tile of 0 pixels holds nothing"):
        enhance([image(disk())], network, 0)
    with pytest.raises(BadFile, match=r"field\.fits: b_r is no input of identity/1"):
        enhance([image(disk(), quantity=Quantity.B_R)], network)


def test_a_network_works_once_on_an_image(tmp_path: Path) -> None:
    network = opened(tmp_path, "identity")
    once = enhance([image(disk())], network)
    with pytest.raises(BadFile, match="identity has worked on it already"):
        enhance([once], network)


def test_a_frame_larger_than_any_is_refused_and_not_made(tmp_path: Path) -> None:
    network = opened(tmp_path, "identity", grid={"pixel_scale": (1e-6, 1e-6)})
    with pytest.raises(BadFile, match="times too large for the network"):
        enhance([image(disk())], network)
