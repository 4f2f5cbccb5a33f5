"""Which image is which channel, and what is said of images that are none."""

from typing import Any

import pytest
from known_images import card, channel, disk, glow, image, patch

from pipeline.core import BadFile, Observer, PlateCarree, Quantity
from pipeline.enhance import objection, suits
from pipeline.enhance.channels import assigned

FIELD = (channel("field"), channel("mask"))
EUV = tuple(
    part
    for line in (304, 193)
    for part in (
        channel(f"i{line}", "intensity", wavelength=line),
        channel(f"m{line}", "mask", of=f"i{line}"),
    )
)
FARSIDE: dict[str, Any] = {"instruments": ["euvi-a", "aia"], "task": "farside"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"instrument": "mdi"}, "it is of mdi, but identity/1 takes hmi, gong"),
        ({"quantity": Quantity.B_R}, "b_r is no input"),
        ({"quantity": Quantity.INTENSITY, "wavelength": 304}, "intensity at 304 Å is no input"),
    ],
)
def test_an_image_of_another_kind_is_named(changes: dict[str, Any], words: str) -> None:
    network = card(*FIELD, instruments=["hmi", "gong"])
    assert suits(network, image(disk()))
    stranger = image(disk(), **changes)
    assert not suits(network, stranger)
    assert words in str(objection(network, stranger))
    with pytest.raises(BadFile, match=r"field.fits: .*|\d+.fits: .*"):
        assigned([stranger], network)


def test_patches_pass_where_their_pixels_do() -> None:
    seen = image(patch(dlon=0.03), (60, 80))  # .50 arcsec
    assert suits(card(*FIELD), seen)
    assert suits(card(*FIELD, grid={"pixel_scale": (0.45, 0.6)}), seen)
    assert "0.5 arcsec" in str(objection(card(*FIELD, grid={"pixel_scale": (0.9, 1.2)}), seen))
    assert "a patch" in str(objection(card(*FIELD, grid={"radius": 40, "side": 96}), seen))
    world = image(PlateCarree(0.0, 0.0, 1.0, 1.0, 0.0), (60, 80))
    assert "neither" in str(objection(card(*FIELD), world))


def test_what_is_on_another_scale_is_not_brought_there_again() -> None:
    network = card(*FIELD, output={"quantity": "b_los", "field_scale": "hmi"})
    assert suits(network, image(disk(), instrument="gong"))
    assert not suits(network, image(disk(), instrument="gong", scale="hmi"))


def test_channels_are_found_by_wavelength_and_195_is_193() -> None:
    network = card(*EUV, **FARSIDE)
    images = [glow(195), glow(304)]
    assert assigned(images, network) == {"i193": images[0], "i304": images[1]}


def test_a_channel_with_its_own_mask_may_be_missing_and_no_other() -> None:
    assert list(assigned([glow(304)], card(*EUV, **FARSIDE))) == ["i304"]
    blind = card(EUV[0], EUV[2], channel("mask"), **FARSIDE)
    with pytest.raises(BadFile, match=r"304\.fits: identity/1 needs i193 besides"):
        assigned([glow(304)], blind)


def test_two_images_for_one_channel_and_two_spacecraft_are_refused() -> None:
    network = card(*EUV, **FARSIDE)
    with pytest.raises(BadFile, match="another image has filled its channel"):
        assigned([glow(193), glow(195)], network)
    elsewhere = disk(observer=Observer(112.0, 0.0, 210.0))
    with pytest.raises(BadFile, match=r"304\.fits: it shows the Sun from 72 deg beside"):
        assigned([glow(195), glow(304, elsewhere, instrument="aia")], network)
