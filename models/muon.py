"""The optimiser that small data and little time ask for: orthogonalised momentum.

Knows how one gradient becomes one update. Refuses to know networks, rates over time and losses.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

# Quintic iteration of Jordan et al. 2024 (kellerjordan.github.io/posts/muon): singular values
# of .01 to 1 end between .7 and 1.2 after five rounds.
NEWTON_SCHULZ, ROUNDS = (3.4445, -4.7750, 2.0315), 5
# Root mean square of an update per unit of rate, as AdamW's (Liu et al. 2025, arXiv 2502.16982),
# so that one rate serves both.
SIZE = 0.2
NARROW = 8  # outputs; layers with so few, as those that give the answer, are AdamW's
EPS = 1e-8


class Muon(torch.optim.Optimizer):  # type: ignore[misc]
    """Muon for the weights of convolutions, AdamW without decay for all other parameters.

    A convolution's weights count as one matrix (outputs, inputs·h·w), and so does their
    momentum, whose singular values are all brought near 1.

    parameters : to be trained; lr : set anew before every step by whoever trains
    betas : of AdamW; momentum : of Muon, with Nesterov's step
    weight_decay : per unit of rate, of convolutions only (decoupled)
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.99),
        momentum: float = 0.95,
        weight_decay: float = 0.0,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "momentum": momentum,
            "weight_decay": weight_decay,
        }
        super().__init__(parameters, defaults)

    def step(self, closure: None = None) -> None:
        """Move every parameter that has a gradient."""
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in (p for p in group["params"] if p.grad is not None):
                    wide = parameter.ndim == 4 and parameter.shape[0] > NARROW
                    move = _turn if wide else _adam
                    move(parameter, parameter.grad, self.state[parameter], group)


def orthogonalised(matrix: Tensor) -> Tensor:
    """(m, n) with the singular vectors of *matrix* and singular values of about 1."""
    a, b, c = NEWTON_SCHULZ
    flat = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    flat = flat / (flat.norm() + 1e-7)
    for _ in range(ROUNDS):
        square = flat @ flat.T
        flat = a * flat + (b * square + c * square @ square) @ flat
    return flat.T if matrix.shape[0] > matrix.shape[1] else flat


def _turn(
    weights: Tensor, gradient: Tensor, state: dict[str, Tensor], group: dict[str, float]
) -> None:
    momentum = state.setdefault("momentum", torch.zeros_like(weights))
    momentum.lerp_(gradient, 1 - group["momentum"])
    ahead = gradient.lerp(momentum, group["momentum"]).reshape(weights.shape[0], -1)
    update = orthogonalised(ahead) * (SIZE * max(ahead.shape) ** 0.5)
    weights.mul_(1 - group["lr"] * group["weight_decay"])
    weights.sub_(group["lr"] * update.reshape(weights.shape))


def _adam(
    weights: Tensor,
    gradient: Tensor,
    state: dict[str, Tensor],
    group: dict[str, tuple[float, float]],
) -> None:
    first = state.setdefault("first", torch.zeros_like(weights))
    second = state.setdefault("second", torch.zeros_like(weights))
    count = state.setdefault("count", torch.zeros((), dtype=torch.float64))
    b1, b2 = group["betas"]
    count += 1
    first.lerp_(gradient, 1 - b1)
    second.lerp_(gradient.square(), 1 - b2)
    size = (second / (1 - b2 ** float(count))).sqrt_().add_(EPS)
    weights.sub_(group["lr"] * first / (1 - b1 ** float(count)) / size)
