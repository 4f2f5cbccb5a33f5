"""Reading recipes: what is taken, and how mistakes are answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models import recipe
from pipeline.core import BadFile, BadRequest

SHIPPED = sorted(recipe.RECIPES.glob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_recipes_can_be_read_and_are_named_as_their_files(path: Path) -> None:
    assert recipe.read(path).name == path.stem
    assert recipe.find(path.stem) == path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("batch = 16", "batches = 16", "data.batches"),
        ("steps = 20000", "steps = 0", "training.steps"),
        ('"denoising"', '"noise"', "degradation"),
        ('uncertainty = "log_variance"', "", "likelihood needs output.uncertainty"),
        ("scale = 1000.0\nuncertainty", "scale = 100.0\nuncertainty", "one scale"),
        ("l1 = 1.0\nlikelihood = 0.01", "", "every weight is 0"),
        ('{ name = "mask", kind = "mask" },', "", "end with the mask"),
        ('kind = "mask"', 'kind = "mask", scale = 2.0', "mask have no scale"),
        ('kind = "field", ', 'kind = "field", transform = "log10", ', "nothing else"),
        ("[output]", "[output]\nfactor = 2", "output.factor is 1"),
        ("[output]", "[output", "not TOML"),
    ],
)
def test_a_mistake_is_answered_with_file_and_key(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    good = TEXT
    assert old in good
    path = tmp_path / "wrong.toml"
    path.write_text(good.replace(old, new))
    with pytest.raises(BadFile, match=re.escape(said)) as refused:
        recipe.read(path)
    assert str(path) in str(refused.value)


def test_an_absent_file_and_an_unknown_name_are_answered(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        recipe.read(tmp_path / "absent.toml")
    with pytest.raises(BadRequest, match=r"known are .*hmi-denoise"):
        recipe.find("hmi-denoiser")


def test_keys_of_the_network_are_its_options_and_terms_without_weight_do_not_count(
    tmp_path: Path,
) -> None:
    path = tmp_path / "good.toml"
    path.write_text(TEXT.replace("l1 = 1.0", "l1 = 1.0\nlikelihood_beta = 0.5"))
    read = recipe.read(path)
    assert read.network.options == {"width": 24, "depth": 2}
    assert read.losses.weights == {"l1": 1.0, "likelihood": 0.01}


TEXT = """
name = "example"
inputs = [
  { name = "field", kind = "field", scale = 1000.0 },
  { name = "mask", kind = "mask" },
]

[about]
task = "denoise"
version = "1"
summary = "Removes noise."
instruments = ["hmi"]
data = "patches"
period = [2025-07-27, 2025-11-08]
limits = ["An example."]

[output]
scale = 1000.0
uncertainty = "log_variance"

[network]
kind = "unet"
width = 24
depth = 2

[data]
sources = { sharp = 1.0 }
batch = 16

[degradation]
kind = "denoising"
sigma = [3.0, 15.0]

[losses]
l1 = 1.0
likelihood = 0.01

[training]
steps = 20000
"""
