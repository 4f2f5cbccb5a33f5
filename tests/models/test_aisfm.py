"""The published generators can be trained by name, and leave what the pipeline can run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from models import export as exporting  # noqa: E402
from models import recipe as recipes  # noqa: E402
from models.batches import drawing  # noqa: E402
from models.data import DATASETS  # noqa: E402
from models.data.scene import Scene  # noqa: E402
from models.recipe import Recipe  # noqa: E402
from models.training import train  # noqa: E402
from pipeline.enhance import registry, verify  # noqa: E402

TIME = datetime(2024, 5, 1, tzinfo=UTC)
SIDE = 48


def small(name: str) -> Recipe:
    """The recipe *name* with a narrow network, small pieces and two steps."""
    recipe = recipes.read(recipes.find(name))
    sizes: dict[str, Any] = {"width": 4, "depth": 2}
    if recipe.network.kind == "hale-unet":
        sizes = {"widths": (4, 8), "blocks": (1, 1)}
    kind = recipe.network.model_copy(update=sizes)
    data = recipe.data.model_copy(update={"patch": 32, "batch": 2})
    few = {"steps": 2, "every": 1, "warm_up": 1, "validation_batches": 1}
    training = recipe.training.model_copy(update=few)
    return recipe.model_copy(update={"network": kind, "data": data, "training": training})


def scene() -> Scene:
    """Random numbers in every plane that a recipe could want."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    lines = (171, 193, 304)
    bright = [f"{when} {line}" for when in ("euv", "reference") for line in lines]
    planes = {name: rng.lognormal(3.0, 1.0, (SIDE, SIDE)).astype(np.float32) for name in bright}
    planes["before"], field = rng.normal(0.0, 50.0, (2, SIDE, SIDE)).astype(np.float32)
    planes["prior"], planes["prior sigma"] = field, np.full_like(field, 10.0)
    planes["leading"] = np.ones_like(field)
    radius = (np.hypot(x, y) / 22.0).astype(np.float32)
    return Scene(field, radius, 8.6, "sun-1", TIME, planes=planes)


@pytest.mark.parametrize("name", ["aisfm-1", "aisfm-2", "aisfm-3", "euv-to-mag-pix2pixcc"])
def test_a_generation_of_aisfm_trains_against_its_adversary(name: str, tmp_path: Path) -> None:
    recipe = small(name)
    assert set(recipe.data.sets) <= set(DATASETS)
    draw = drawing(recipe, [scene()])
    best = train(recipe, draw, draw, tmp_path / "run", workers=0)
    assert "adversary" in (tmp_path / "run" / "curves.csv").read_text().splitlines()[0]
    x, fitted = exporting.calibrated([best], draw)
    exporting.export([best], x, tmp_path / "weights", fitted)
    network = registry.find(tmp_path / "weights", name)
    assert verify(network).largest < exporting.CLOSE
    assert network.card.output.returns == "network pixels"
