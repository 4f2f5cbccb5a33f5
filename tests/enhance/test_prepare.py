"""What a network is given: channels, masks, grid, and what it never saw before."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from known_images import EARTH, card, channel, disk, glow, image, patch, pattern

from pipeline.core import BadFile, Disk
from pipeline.enhance.frames import SEMIDIAMETER, radius_map
from pipeline.enhance.prepare import Prepared, prepare

FIELD = channel("field", scale=100.0)
MASK = channel("mask")
GAP = (slice(30, 40), slice(50, 60))


def plane(prepared: Prepared, network: Any, name: str) -> np.ndarray:
    return prepared.x[[c.name for c in network.inputs].index(name)]


def test_values_are_clipped_transformed_shifted_and_scaled_in_this_order() -> None:
    log = channel("field", clip=(1.0, 100.0), transform="log10", offset=1, scale=0.5)
    network = card(log, MASK)
    seen = image(disk())
    given = plane(prepare([seen], network), network, "field")
    expected = (np.log10(np.clip(seen.data, 1.0, 100.0)) - 1.0) / 0.5
    np.testing.assert_allclose(given[seen.mask], expected[seen.mask], atol=1e-5)


def test_gaps_are_zero_with_a_mask_that_says_so() -> None:
    network = card(channel("field", offset=-50.0, scale=100.0), MASK)
    seen = image(disk(), gap=GAP)
    prepared = prepare([seen], network)
    field, mask = prepared.x
    assert np.isfinite(prepared.x).all()
    np.testing.assert_array_equal(mask == 1.0, seen.mask)
    np.testing.assert_array_equal(prepared.mask, seen.mask)
    assert (field[~seen.mask] == 0).all()
    np.testing.assert_allclose(field[seen.mask], (seen.data[seen.mask] + 50) / 100, rtol=1e-5)


def test_what_has_no_logarithm_is_a_gap() -> None:
    network = card(channel("field", transform="log10"), MASK)
    seen = image(disk())
    prepared = prepare([seen], network)
    np.testing.assert_array_equal(prepared.mask, np.nan_to_num(seen.data) > 0.0)
    np.testing.assert_array_equal(prepared.x[1] == 1.0, prepared.mask)
    assert np.isfinite(prepared.x).all()


def test_rows_and_columns_that_fill_up_a_stride_are_gaps() -> None:
    network = card(FIELD, channel("radius"), MASK, stride=16)
    seen = image(disk(96), (91, 83))
    prepared = prepare([seen], network)
    assert prepared.x.shape == (3, 96, 96)
    assert prepared.shape == (91, 83)
    assert not prepared.mask[91:].any()
    assert not prepared.mask[:, 83:].any()
    np.testing.assert_array_equal(prepared.mask[:91, :83], seen.mask)
    # Geometry knows no end of the frame.
    np.testing.assert_allclose(prepared.x[1], radius_map(disk(96), EARTH, (96, 96)))


def test_radius_is_that_of_the_disk_on_a_disk_and_on_a_patch() -> None:
    network = card(FIELD, channel("radius"), MASK)
    for geometry in (disk(), patch()):
        given = prepare([image(geometry)], network).x[1]
        np.testing.assert_array_equal(given, radius_map(geometry, EARTH, (96, 96)))


def test_noise_is_what_the_instrument_states_or_what_the_frame_shows() -> None:
    network = card(FIELD, channel("noise", scale=10.0), MASK)
    stated = prepare([image(disk(), noise=6.3)], network)
    assert (stated.x[1] == np.float32(0.63)).all()
    # Quiet at the centre, twice as noisy outside: the centre counts.
    rng = np.random.default_rng(3)
    geometry = disk(400)
    sigma = np.where(radius_map(geometry, EARTH, (400, 400)) < 0.3, 8.0, 16.0)
    frame = image(geometry, (400, 400), data=rng.normal(0.0, sigma), noise=math.nan)
    # 8000 pixels there: 1.8 % (see test_noise).
    assert prepare([frame], network).x[1].max() == pytest.approx(0.8, rel=0.05)
    region = image(patch(), data=rng.normal(0.0, 5.0, (96, 96)), noise=math.nan)
    assert prepare([region], network).x[1].max() == pytest.approx(0.5, rel=0.05)
    with pytest.raises(BadFile, match="its noise is not stated and cannot be told from it"):
        prepare([image(disk(30), (30, 30), noise=math.nan)], network)


def test_noise_is_less_where_larger_pixels_average() -> None:
    """White noise of pixels twice as large is half of it; smaller pixels repeat it."""
    network = card(FIELD, channel("noise"), MASK, grid={"radius": 40.0, "side": 96})
    for radius, expected in ((80.0, 3.0), (40.0, 6.0), (20.0, 6.0)):
        seen = image(disk(192, radius=radius), (192, 192), noise=6.0)
        assert prepare([seen], network).x[1].max() == pytest.approx(expected, rel=1e-6)


def test_values_beyond_the_training_are_counted_before_they_are_clipped() -> None:
    network = card(
        channel("field", clip=(-50, 50), trained=(-100, 100)),
        channel("radius", trained=(0.0, 0.9)),
        channel("noise", trained=(2.0, 14.0)),
        MASK,
    )
    seen = image(disk(), gap=GAP)
    prepared = prepare([seen], network)
    strong = np.abs(seen.data[seen.mask]) > 100
    far = radius_map(disk(), EARTH, (96, 96))[seen.mask] > 0.9
    assert prepared.outside == {
        "field": pytest.approx(strong.mean()),
        "radius": pytest.approx(far.mean()),
        "noise": 0.0,
    }
    assert prepared.beyond == pytest.approx((strong | far).mean())
    assert [note.split(" of ")[1].split()[0] for note in prepared.notes] == ["field", "radius"]
    noisy = prepare([replace(seen, observation=replace(seen.observation, noise=20.0))], network)
    assert (noisy.outside["noise"], noisy.beyond) == (1.0, 1.0)


UPRIGHT: dict[str, Any] = {"grid": {"north_up": True}}


@pytest.mark.parametrize("north", [179.93, -179.2, 180.0, 0.4, 0.0])
def test_a_frame_near_upright_or_upside_down_is_not_interpolated(north: float) -> None:
    network = card(FIELD, MASK, **UPRIGHT)
    seen = image(disk(north=north))
    prepared = prepare([seen], network)
    given = 100.0 * prepared.x[0]
    assert isinstance(prepared.geometry, Disk)
    turns = abs(north) > 90
    values = seen.data[::-1, ::-1] if turns else seen.data
    np.testing.assert_allclose(given, np.nan_to_num(values), rtol=1e-6)
    left = north - math.copysign(180.0, north) if turns else north
    assert prepared.geometry.north == pytest.approx(left)  # honest about what is left


@pytest.mark.parametrize("north", [7.0, -90.0, 178.0])
def test_any_other_frame_is_turned_to_the_north(north: float) -> None:
    network = card(FIELD, MASK, **UPRIGHT)
    prepared = prepare([image(disk(north=north))], network)
    geometry = prepared.geometry
    assert isinstance(geometry, Disk)
    assert (geometry.north, geometry.radius) == (0.0, disk().radius)
    expected = pattern(*geometry.sphere(*np.meshgrid(np.arange(96), np.arange(96))))
    inside = radius_map(geometry, EARTH, (96, 96)) < 0.9
    assert prepared.mask[inside].all()
    error = (100.0 * prepared.x[0] - expected)[inside]
    assert np.sqrt(np.mean(error**2)) < 0.03 * 300.0  # as in test_frames


def test_pixels_beyond_the_scales_that_the_network_takes_are_resampled_to_the_nearer() -> None:
    for radius, expected in ((1000.0, 1000.0), (2500.0, 2000.0), (400.0, 800.0)):
        small = replace(disk(200), radius=radius)
        scales = (SEMIDIAMETER / 2000.0, SEMIDIAMETER / 800.0)
        network = card(FIELD, MASK, grid={"pixel_scale": scales})
        prepared = prepare([image(small, (200, 160))], network)
        assert isinstance(prepared.geometry, Disk)
        assert prepared.geometry.radius == pytest.approx(expected)
        zoom = expected / radius
        assert prepared.shape == (math.ceil(200 * zoom), math.ceil(160 * zoom))


EUV = tuple(
    part
    for line in (304, 193)
    for part in (
        channel(
            f"i{line}",
            "intensity",
            wavelength=line,
            normalise="disk median",
            clip=(1.0, 200.0),
            transform="log10",
        ),
        channel(f"m{line}", "mask", of=f"i{line}"),
    )
)
FARSIDE: dict[str, Any] = {
    "instruments": ["euvi-a"],
    "task": "farside",
    "grid": {"radius": 45.0, "side": 104, "north_up": True},
}


def test_brightness_has_its_median_at_one_hundred_and_keeps_within_bounds() -> None:
    rng = np.random.default_rng(0)
    network = card(*EUV, **FARSIDE | {"grid": {}})
    seen = glow(304, data=np.exp(rng.normal(3.0, 2.0, (96, 96))))
    prepared = prepare([seen], network)
    bright, mask = prepared.x[:2]
    np.testing.assert_array_equal(mask == 1.0, radius_map(disk(), EARTH, (96, 96)) < 0.98)
    inside = bright[mask == 1.0]
    assert np.median(inside) == pytest.approx(2.0, abs=1e-3)
    assert (inside.min(), inside.max()) == pytest.approx((0.0, np.log10(200.0)))
    brighter = prepare([replace(seen, data=7 * seen.data)], network)
    np.testing.assert_allclose(brighter.x, prepared.x, atol=1e-5)
    with pytest.raises(BadFile, match=r"304\.fits: its disk is dark"):
        prepare([glow(304, data=np.zeros((96, 96)))], network)


def test_a_missing_wavelength_is_a_gap_in_its_own_mask_alone() -> None:
    network = card(*EUV, **FARSIDE)
    prepared = prepare([glow(195)], network)
    assert not plane(prepared, network, "i304").any()
    assert not plane(prepared, network, "m304").any()
    np.testing.assert_array_equal(plane(prepared, network, "m193") == 1.0, prepared.mask)
    assert prepared.mask.any()
    assert prepared.notes == ("identity/1 ran without i304",)


def test_pictures_of_other_minutes_and_pointings_are_registered() -> None:
    """The pattern is on the Sun, so both channels show it alike when they are registered."""
    network = card(*EUV, **FARSIDE)
    # Half an hour later the Sun has turned by .27 deg; camera nudged and rolled a little.
    observer = replace(EARTH, carrington_longitude=EARTH.carrington_longitude - 0.27)
    nudged = disk(x0=50.6, y0=44.0, radius=41.0, north=4.0, observer=observer)
    prepared = prepare([glow(195), glow(304, nudged, minutes=30)], network)
    both = (plane(prepared, network, "m193") == 1) & (plane(prepared, network, "m304") == 1)
    inside = radius_map(prepared.geometry, EARTH, (104, 104)) < 0.9
    assert both[inside].all()
    first, second = (plane(prepared, network, name)[both & inside] for name in ("i193", "i304"))
    assert np.corrcoef(first, second)[0, 1] > 0.999  # a third of a pixel off leaves .994
    assert isinstance(prepared.geometry, Disk)
    assert prepared.geometry == Disk(51.5, 51.5, 45.0, 0.0, EARTH)


def test_an_image_without_a_sun_on_it_is_refused() -> None:
    nothing = image(disk(), gap=(slice(None), slice(None)))
    with pytest.raises(BadFile, match=r"field\.fits: nothing of the Sun is measured on it"):
        prepare([nothing], card(FIELD, MASK))
    halves = [channel("i304", "intensity", wavelength=304), channel("i193", "intensity"), MASK]
    halves[1]["wavelength"] = 193
    west, east = (slice(None), slice(0, 50)), (slice(None), slice(46, None))
    with pytest.raises(BadFile, match="it shares no pixel"):
        prepare([glow(304, gap=west), glow(193, gap=east)], card(*halves, **FARSIDE | {"grid": {}}))
