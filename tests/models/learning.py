"""A recipe, and batches, so small that a training takes a second."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from models.recipe import Recipe  # noqa: E402

torch.set_num_threads(1)

SMALL: dict[str, Any] = {
    "name": "small",
    "about": {
        "task": "denoise",
        "version": "1",
        "summary": "Removes little.",
        "instruments": ["hmi"],
        "data": "random numbers",
        "period": ["2014-01-01", "2014-01-02"],
        "limits": ["Good for nothing."],
    },
    "inputs": [
        {"name": "field", "kind": "field", "scale": 100.0},
        {"name": "mask", "kind": "mask"},
    ],
    "output": {"scale": 100.0, "uncertainty": "log_variance"},
    "network": {"kind": "unet", "width": 4, "depth": 1},
    "data": {"sources": {"sharp": 1.0}, "patch": 8, "batch": 4},
    "degradation": {"kind": "denoising", "sigma": [5.0, 15.0]},
    "losses": {"mse": 1.0, "likelihood": 0.01},
    "training": {"steps": 6, "every": 3, "warm_up": 2, "validation_batches": 1},
}


def recipe(**sections: dict[str, Any]) -> Recipe:
    """The small recipe with the keys of some sections changed."""
    values = SMALL | {name: SMALL[name] | keys for name, keys in sections.items()}
    return Recipe.model_validate(values)


def draw(count: int, seed: int, step: int) -> SimpleNamespace:
    """Smooth fields under noise, of seed and step alone; nothing measured in one column."""
    rng = np.random.default_rng([seed, step])
    waves = np.sin(np.arange(8) * rng.uniform(0.2, 0.8, (count, 1, 1, 1)))
    target = (waves * waves.swapaxes(2, 3)).astype(np.float32)
    weight = np.ones_like(target)
    weight[..., 3] = 0
    noisy = target + 0.3 * rng.standard_normal(target.shape, np.float32)
    x = np.concatenate([noisy * weight, weight], 1)
    return SimpleNamespace(x=x, target=target * weight, weight=weight)


def read_weights(path: Path, key: str) -> dict[str, Any]:
    """Tensors of a checkpoint."""
    weights: dict[str, Any] = torch.load(path, weights_only=True)[key]
    return weights
