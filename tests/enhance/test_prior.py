"""What a map promises helps a network, and is never answered for by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from known_images import card, channel, disk, glow, image
from numpy.typing import NDArray
from pydantic import ValidationError

from pipeline.core import BadFile, SolarImage
from pipeline.enhance.card import Card
from pipeline.enhance.polarity import leading_polarity
from pipeline.enhance.prepare import prepare

INPUTS = (
    channel("prior", scale=100.0),
    channel("error", "sigma", of="prior", clip=(1.0, 500.0), transform="log10", offset=1.0),
    channel("prior-mask", "mask", of="prior"),
    channel("i304", "intensity", wavelength=304, normalise="disk median"),
    channel("m304", "mask", of="i304"),
    channel("leading"),
    channel("mask"),
)
HALF = (slice(None), slice(0, 48))


def network() -> Card:
    return card(*INPUTS, instruments=["euvi-a", "map"], task="farside")


def promised(sigma: float | None = 20.0) -> SolarImage:
    """A map's field as the camera sees it, with the same error everywhere."""
    seen = image(disk(), instrument="map")
    error = None if sigma is None else np.full(seen.data.shape, sigma, np.float32)
    return replace(seen, sigma=error)


def planes(*images: SolarImage) -> dict[str, NDArray[np.float32]]:
    names = [str(part["name"]) for part in INPUTS]
    return dict(zip(names, prepare(images, network()).x, strict=True))


def test_a_prior_comes_with_its_error_and_may_be_missing() -> None:
    prior = promised()
    x = planes(glow(304), prior)
    inside = prior.mask & (x["prior-mask"] > 0)
    np.testing.assert_allclose(x["prior"][inside], prior.data[inside] / 100.0, rtol=1e-5)
    np.testing.assert_allclose(x["error"][inside], np.log10(20.0) - 1.0, rtol=1e-5)
    bare = planes(glow(304))
    for name in ("prior", "error", "prior-mask"):
        assert not bare[name].any()
    np.testing.assert_array_equal(bare["i304"], x["i304"])


def test_where_nothing_was_measured_a_prior_is_no_answer() -> None:
    prepared = prepare([glow(304, gap=HALF), promised()], network())
    assert not prepared.mask[HALF].any()
    assert prepared.x[2][HALF].any()  # it is shown all the same


def test_a_prior_alone_and_one_without_error_are_refused() -> None:
    with pytest.raises(BadFile, match="no observation; give one besides"):
        prepare([promised()], network())
    with pytest.raises(BadFile, match="standard error"):
        prepare([glow(304), promised(None)], network())


def test_a_magnetogram_is_no_prior() -> None:
    hmi = card(*INPUTS, instruments=["euvi-a", "hmi"], task="farside")
    with pytest.raises(BadFile, match="b_los is no input"):
        prepare([glow(304), image(disk())], hmi)


def test_a_sigma_says_of_what() -> None:
    with pytest.raises(ValidationError, match="of which channel"):
        card(channel("field"), channel("error", "sigma"), channel("mask"))


@pytest.mark.parametrize(
    ("year", "lat", "sign"),
    [(2014, 15.0, -1.0), (2014, -15.0, 1.0), (2024, 15.0, 1.0), (2035, 15.0, -1.0)],
)
def test_leading_polarity_changes_with_hemisphere_and_cycle(
    year: int, lat: float, sign: float
) -> None:
    """In cycle 24 the north led with negative polarity, in 25 with positive."""
    assert leading_polarity(datetime(year, 6, 1, tzinfo=UTC), np.array([lat])) == sign


def test_at_minimum_regions_far_from_the_equator_are_of_the_new_cycle() -> None:
    old, new = leading_polarity(datetime(2020, 6, 1, tzinfo=UTC), np.array([6.0, 28.0]))
    assert (old, new) == (-1.0, 1.0)
