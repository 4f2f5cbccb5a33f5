"""What every network has in common: an answer in float32 from a trunk in any precision.

Knows how a trunk's output becomes mean and variance. Refuses to know what a trunk is.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

# ln of the variance: where training starts (a hundredth of a unit), and how far it may go.
START = -9.2
BOUNDS = (-20.0, 4.0)


class Estimate(NamedTuple):
    """What a network says of the field: float32 (N, 1, f·H, f·W), in its output's units.

    mean : the field
    log_variance : natural logarithm of the variance of *mean*; None where it is not told
    """

    mean: Tensor
    log_variance: Tensor | None


class Network(nn.Module):
    """A trunk, and a float32 path around it.

    The mean is the trunk's first output plus *base* times the first input channel, enlarged
    bicubically where the output is finer; float16 resolves only 1.7 G at 3 kG, so this sum
    and the answers are float32 whatever the trunk computes in. The second output, if there
    is one, is the logarithm of the variance (Nix & Weigend 1994).

    trunk : module (N, C, H, W) -> (N, 1 or 2, f·H, f·W) with attributes ``outputs``,
        ``factor`` (f), ``stride`` (H and W are multiples of it) and ``receptive_field``
        (how far, in input pixels, an input can change an output)
    base : factor on the first input channel; 0 if the trunk gives the field itself
    """

    def __init__(self, trunk: nn.Module, base: float) -> None:
        super().__init__()
        self.trunk = trunk
        self.base = base
        self.factor: int = trunk.factor
        self.stride: int = trunk.stride
        # bicubic interpolation reaches two pixels
        self.receptive_field: int = max(trunk.receptive_field, 2 if trunk.factor > 1 else 0)

    def forward(self, x: Tensor) -> Estimate:
        """The estimate from *x*, float32 (N, C, H, W)."""
        precision = next(self.trunk.parameters()).dtype
        answer = self.trunk(x.to(precision)).to(x.dtype)
        mean = answer[:, :1]
        if self.base:
            field = x[:, :1] * self.base
            if self.factor > 1:
                field = functional.interpolate(field, scale_factor=self.factor, mode="bicubic")
            mean = mean + field
        if self.trunk.outputs == 1:
            return Estimate(mean, None)
        return Estimate(mean, torch.clamp(answer[:, 1:] + START, *BOUNDS))


def begin_at_zero(layer: nn.Conv2d) -> nn.Conv2d:
    """*layer* with all weights 0, so that an untrained network gives its base."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
