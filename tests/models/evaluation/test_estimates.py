"""A network gets what its card or recipe asks for, and its answer comes back in gauss."""

from pathlib import Path

import numpy as np
import pytest
from enhance.networks import write_network
from patches import patch

from models.evaluation.estimates import of_checkpoint, of_network, tensor
from models.recipe import find as find_recipe
from models.recipe import read as read_recipe
from pipeline.core import BadRequest
from pipeline.enhance import registry
from pipeline.enhance.card import Channel

FIELD = patch("a", 0, (50, 66)).field.copy()
FIELD[3, 4] = np.nan
RADIUS = np.full(FIELD.shape, 0.5, np.float32)


def test_planes() -> None:
    channels = [
        Channel(name="field", kind="field", clip=(-100, 100), offset=10.0, scale=50.0),
        Channel(name="level", kind="noise", scale=100.0),
        Channel(name="radius", kind="radius"),
        Channel(name="mask", kind="mask"),
    ]
    x = tensor(channels, FIELD, RADIUS, 10.2, stride=8)
    assert (x.shape, x.dtype) == ((4, 56, 72), np.float32)
    assert x[0, 0, 0] == pytest.approx((np.clip(FIELD[0, 0], -100, 100) - 10) / 50)
    assert x[:, 0, 0].tolist()[1:] == pytest.approx([0.102, 0.5, 1.0])
    assert x[0, 3, 4] == x[3, 3, 4] == 0.0  # not measured
    assert not x[:, 50:].any()
    assert not x[:, :, 66:].any()


def test_euv_is_refused() -> None:
    with pytest.raises(BadRequest, match="intensity"):
        tensor([Channel(name="a", kind="intensity")], FIELD, RADIUS, 1.0, 1)


def test_an_installed_network(tmp_path: Path) -> None:
    network = registry.read(write_network(tmp_path, "log_variance", value=-2.0))
    mean, sigma = of_network(network).predict(FIELD, RADIUS, 10.2)
    known = np.isfinite(FIELD)
    assert mean[known] == pytest.approx(FIELD[known], abs=1e-3)
    assert sigma == pytest.approx(np.full(FIELD.shape, 100.0 * np.exp(-1.0)))


def test_an_ensemble_with_a_stride_and_a_factor(tmp_path: Path) -> None:
    unet = registry.read(write_network(tmp_path, "unet", members=({"seed": 0}, {"seed": 1})))
    mean, sigma = of_network(unet).predict(FIELD, RADIUS, 10.2)
    assert mean.shape == sigma.shape == FIELD.shape
    assert (sigma > 0).any()  # members disagree
    larger = registry.read(write_network(tmp_path, "identity", factor=4))
    mean, sigma = of_network(larger).predict(FIELD, RADIUS, 10.2)
    assert mean.shape == (200, 264)
    assert sigma is None
    assert mean[0, 0] == pytest.approx(FIELD[0, 0])


def test_a_checkpoint_begins_as_its_base(tmp_path: Path) -> None:
    """Before the first step the denoiser of the recipe gives the field back."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from models import checkpoints

    recipe = read_recipe(find_recipe("hmi-denoise"))
    state = checkpoints.begin(recipe, torch.device("cpu"), None)
    checkpoints.save_best(recipe, state, tmp_path)
    mean, sigma = of_checkpoint(tmp_path / checkpoints.BEST).predict(FIELD, RADIUS, 10.2)
    known = np.isfinite(FIELD)
    assert mean.shape == FIELD.shape
    assert mean[known] == pytest.approx(FIELD[known], abs=0.01)
    assert sigma.shape == FIELD.shape
