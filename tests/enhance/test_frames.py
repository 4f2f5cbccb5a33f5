"""The same places on the Sun in another frame, and nothing where nothing was seen."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_images import EARTH, disk, image, patch, pattern

from pipeline.core import Disk, Observer
from pipeline.enhance.frames import (
    SEMIDIAMETER,
    coarser,
    onto,
    pixel_scale,
    radius_map,
    resample,
    scaled,
    turned,
)


def truth(geometry: Disk, shape: tuple[int, int]) -> np.ndarray:
    return pattern(*geometry.sphere(*np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))))


def test_a_frame_upside_down_is_reversed_without_touching_a_value() -> None:
    seen = image(disk(north=179.9), gap=(slice(30, 40), slice(50, 60)))
    upright = turned(disk(north=179.9), (96, 96))
    values, mask = onto(seen.data, seen.mask, seen.geometry, upright, (96, 96))
    np.testing.assert_array_equal(values, seen.data[::-1, ::-1])
    np.testing.assert_array_equal(mask, seen.mask[::-1, ::-1])
    assert upright.north == pytest.approx(-0.1)
    np.testing.assert_allclose(values[mask], truth(upright, (96, 96))[mask], atol=1e-3)


@settings(deadline=None, max_examples=20)
@given(
    st.floats(-180.0, 180.0),
    st.floats(0.8, 1.4),
    st.floats(-4.0, 4.0),
    st.floats(-6.0, 6.0),
)
def test_turned_scaled_shifted_frames_show_the_same_sun(
    north: float, zoom: float, shift: float, later: float
) -> None:
    source = disk(96, north)
    observer = replace(EARTH, carrington_longitude=EARTH.carrington_longitude - later / 10)
    target = Disk(60.0 + shift, 58.0, source.radius * zoom, 3.0, observer)
    seen = image(source, gap=(slice(44, 50), slice(40, 48)))
    values, mask = resample(seen.data, seen.mask, source, target, (120, 124))
    expected, r = truth(target, (120, 124)), radius_map(target, observer, (120, 124))
    assert not mask[r > 1.03].any()
    far_from_the_gap = r < 0.9
    lon, lat = target.sphere(*np.meshgrid(np.arange(124), np.arange(120)))
    x, y = source.pixel(lon, lat)
    with np.errstate(invalid="ignore"):
        in_gap = (x > 39) & (x < 48) & (y > 43) & (y < 50)
        mostly_in_gap = (x > 39.5) & (x < 47.5) & (y > 44) & (y < 49)
    assert not mask[mostly_in_gap].any()
    assert mask[far_from_the_gap & ~in_gap].all()
    # Cubic interpolation of waves some 12 px long errs by a few per cent at most.
    at = mask & far_from_the_gap
    assert np.sqrt(np.mean((values - expected)[at] ** 2)) < 0.03 * 300.0
    assert (values[~mask] == 0).all()


def test_one_view_and_the_way_through_the_sphere_agree() -> None:
    source, target = disk(96, 30.0), disk(80, -12.0)
    moved = replace(target, observer=replace(EARTH, distance=EARTH.distance * (1 + 1e-12)))
    seen = image(source)
    values, mask = resample(seen.data, seen.mask, source, target, (80, 80))
    through, also = resample(seen.data, seen.mask, source, moved, (80, 80))
    inside = radius_map(target, EARTH, (80, 80)) < 0.99
    np.testing.assert_array_equal(mask[inside], also[inside])
    np.testing.assert_allclose(values[inside], through[inside], atol=1e-3)


def test_gaps_never_leak() -> None:
    seen = image(disk(), gap=(slice(20, 60), slice(20, 60)))
    wild = np.where(seen.mask, 100.0, np.nan).astype(np.float32)
    for order in (1, 3):
        values, mask = resample(wild, seen.mask, disk(), disk(96, 33.0), (96, 96), order)
        np.testing.assert_allclose(values[mask], 100.0, rtol=1e-5)  # neither NaN nor zeros mixed in
    nothing, none = resample(wild, np.zeros_like(seen.mask), disk(), disk(96, 3.0), (96, 96))
    assert not none.any()
    assert not nothing.any()


def test_larger_pixels_average_what_smaller_ones_saw() -> None:
    """Four times coarser, aligned: blocks of 16 pixels. Flux stays, white noise drops to 1/4."""
    rng = np.random.default_rng(0)
    fine = Disk(127.5, 127.5, 120.0, 0.0, EARTH)
    noise = rng.normal(0.0, 8.0, (256, 256)).astype(np.float32)
    everywhere = np.ones_like(noise, bool)
    values, mask = resample(noise, everywhere, fine, scaled(fine, 0.25), (64, 64))
    assert mask.all()
    blocks = noise.reshape(64, 4, 64, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(values, blocks, atol=1e-4)


def test_scaling_keeps_every_place_on_the_sun() -> None:
    for geometry in (disk(), patch()):
        lon, lat = geometry.sphere(50.0, 31.0)
        for factor in (2, 4):
            fine = scaled(geometry, factor)
            assert coarser(geometry, fine) == pytest.approx(factor)
            # The middle of the pixels that pixel (50, 31) became.
            x, y = factor * 50 + (factor - 1) / 2, factor * 31 + (factor - 1) / 2
            np.testing.assert_allclose(fine.sphere(x, y), (lon, lat), atol=1e-9)


def test_pixels_in_arcsec_at_one_astronomical_unit() -> None:
    """R_sun / au = 4.6505 mrad (IAU 2015 B3, 2012 B2); .03 deg at disk centre are .502 arcsec."""
    assert pytest.approx(6.957e8 / 1.495978707e11 * 206264.806, abs=0.01) == SEMIDIAMETER
    near = replace(disk(radius=1900.0), observer=Observer(0.0, 0.0, 210.0))
    assert pixel_scale(near) == pixel_scale(disk(radius=1900.0)) == SEMIDIAMETER / 1900.0
    assert pixel_scale(patch(dlon=0.03)) == pytest.approx(0.5023, abs=1e-4)


def test_radius_is_that_of_the_disk_also_for_a_patch() -> None:
    region, whole = patch(), disk(4000)
    lon, lat = region.sphere(*np.meshgrid(np.arange(80), np.arange(60)))
    x, y = whole.pixel(lon, lat)
    expected = np.hypot(x - whole.x0, y - whole.y0) / whole.radius
    np.testing.assert_allclose(radius_map(region, EARTH, (60, 80)), expected, rtol=1e-6)
    behind = patch(lon=EARTH.carrington_longitude + 150.0)
    assert np.isnan(radius_map(behind, EARTH, (60, 80))).all()
