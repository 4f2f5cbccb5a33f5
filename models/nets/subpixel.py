"""Super-resolution that works at the coarse pixels, and in units of what surrounds a pixel.

Residual blocks at low resolution, then sub-pixel convolutions (Shi et al. 2016): nearly all
work is done where pixels are few. Fields range over three decades, and what blur and binning
took away is in proportion to what is nearby; so the answer is a correction in units of the
local root mean square. Few regions then teach weak and strong fields alike. The Sun knows no
preferred polarity: out of training, the answer is that to the field less that to its negative,
by two, so that nothing is added to the net flux. Without normalisation, so that a tile equals
the whole disk.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

NEARBY = 5  # px: what is local
FLOOR = 0.01  # units: below it a field counts as no stronger
WEAK = 0.3  # of the arsinh of the field over the floor, as an input
FIRST = 6.2  # the untrained logarithm of the variance, in local units and above heads.START


class Block(nn.Module):
    """x + conv(relu(conv(x))), both 3×3, close to nothing at first."""

    def __init__(self, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        second = nn.Conv2d(width, width, 3, padding=1)
        with torch.no_grad():
            second.weight.mul_(0.2)
            second.bias.zero_()
        layers = [nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), second]
        if dropout:
            layers.append(nn.Dropout2d(dropout))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class SubPixel(nn.Module):
    """Trunk (N, channels, H, W) -> (N, outputs, factor·H, factor·W); see :class:`heads.Network`.

    gain : brings the first channel to the output's units, as the head's base does
    width : features at the coarse pixels; fine : at twice their resolution
    blocks : residual blocks at the coarse pixels
    dropout : share of features dropped in training
    """

    stride = 1

    def __init__(
        self,
        channels: int,
        outputs: int,
        factor: int,
        *,
        gain: float = 1.0,
        width: int = 64,
        blocks: int = 8,
        fine: int = 32,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if factor not in (2, 4):
            raise TypeError("sub-pixel convolutions enlarge 2 or 4 times")
        self.outputs, self.factor, self.gain = outputs, factor, gain
        # first, body and its last, enlarge; then three at half a coarse pixel each
        self.receptive_field = NEARBY // 2 + 1 + 2 * blocks + 1 + 1 + 2
        self.first = nn.Conv2d(channels + 3, width, 3, padding=1)
        self.body = nn.Sequential(
            *(Block(width, dropout) for _ in range(blocks)),
            nn.Conv2d(width, width, 3, padding=1),
        )
        self.enlarge = nn.Conv2d(width, 4 * fine, 3, padding=1)
        self.refine = Block(fine)
        self.last = nn.Conv2d(fine, outputs * (factor // 2) ** 2, 3, padding=1)
        with torch.no_grad():
            self.last.weight.mul_(0.1)
            self.last.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        answer = self._answer(x)
        if self.training:  # pieces come in both polarities: no need to compute each in both
            return answer
        opposite = self._answer(torch.cat([-x[:, :1], x[:, 1:]], 1))
        odd = 0.5 * (answer[:, :1] - opposite[:, :1])
        return torch.cat([odd, 0.5 * (answer[:, 1:] + opposite[:, 1:])], 1)

    def _answer(self, x: Tensor) -> Tensor:
        field = x[:, :1] * self.gain
        square = functional.avg_pool2d(
            field.square(), NEARBY, 1, NEARBY // 2, count_include_pad=False
        )
        logarithm = 0.5 * torch.log(square + FLOOR**2)
        relative = field * torch.exp(-logarithm)
        weak = WEAK * torch.asinh(field / FLOOR)
        h = self.first(torch.cat([field, x[:, 1:], relative, weak, 0.5 * logarithm + 1.0], 1))
        h = h + self.body(h)
        h = functional.pixel_shuffle(functional.relu(self.enlarge(h)), 2)
        h = self.last(self.refine(h))
        if self.factor == 4:
            h = functional.pixel_shuffle(h, 2)
        size = functional.interpolate(logarithm, scale_factor=self.factor, mode="bilinear")
        mean = h[:, :1] * torch.exp(size)
        if self.outputs == 1:
            return mean
        return torch.cat([mean, 2.0 * size + h[:, 1:] + FIRST], 1)
