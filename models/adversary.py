"""The opponent of a network in training: it learns to tell estimates from truths.

Knows the discriminator and its own optimiser. Refuses to know the network it judges.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from models import losses
from models.nets.patchgan import PatchGAN
from models.processes import Processes
from models.recipe import Recipe

TERMS = ("adversarial", "features")


class Adversary:
    """A PatchGAN that sees the input beside what it judges (conditional, Isola et al. 2017)."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        self._recipe = recipe
        net = PatchGAN(len(recipe.inputs) + 1)
        self._net = net.to(device, memory_format=torch.channels_last)
        self._learner = self._net
        self._optimiser = torch.optim.AdamW(self._net.parameters(), betas=(0.5, 0.999))

    def share(self, here: Processes) -> None:
        """Learn together with the other processes' adversaries."""
        self._learner = here.shared(self._net)

    def terms(self, x: Tensor, mean: Tensor, target: Tensor, valid: Tensor) -> dict[str, Tensor]:
        """What the network should make small: being found out, and looking unlike the truth."""
        self._net.requires_grad_(False)  # it does not learn from this
        estimate = self._net(self._view(x, mean * valid))
        with torch.no_grad():
            truth = self._net(self._view(x, target * valid))
        self._net.requires_grad_(True)
        terms = {
            "adversarial": losses.adversarial(estimate[-1]),
            "features": losses.features(estimate[:-1], truth[:-1]),
        }
        return {name: terms[name] for name in TERMS if name in self._recipe.losses.weights}

    def learn(self, x: Tensor, mean: Tensor, target: Tensor, valid: Tensor, rate: float) -> Tensor:
        """One step of its own; its loss before that."""
        both = torch.cat([self._view(x, image * valid) for image in (target, mean.detach())])
        truth, estimate = self._learner(both)[-1].chunk(2)
        loss = losses.discrimination(truth, estimate)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._optimiser.step()
        return loss.detach()

    def state_dict(self) -> dict[str, Any]:
        """All that :meth:`load_state_dict` needs to go on."""
        return {"net": self._net.state_dict(), "optimiser": self._optimiser.state_dict()}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Go on from *saved*."""
        self._net.load_state_dict(saved["net"])
        self._optimiser.load_state_dict(saved["optimiser"])

    def _view(self, x: Tensor, image: Tensor) -> Tensor:
        factor = self._recipe.output.factor
        return torch.cat([functional.interpolate(x, scale_factor=factor), image], 1)
