"""The network of Enhance (Díaz Baso & Asensio Ramos 2018, A&A 614, A5).

Residual blocks under one long skip, then nearest-neighbour enlargement. Published for ×2
and B in kG, giving the field itself (``base = 0``), and with batch normalisation, which is
left out: it gains nothing in super-resolution (Lim et al. 2017, EDSR) and makes what a
pixel becomes depend on the batch.
"""

from __future__ import annotations

from torch import Tensor, nn

WIDTH, BLOCKS = 64, 5


def _convolution(channels: int, width: int) -> nn.Conv2d:
    return nn.Conv2d(channels, width, 3, padding=1, padding_mode="reflect")


class Block(nn.Module):
    """x + conv(relu(conv(x))), both 3×3."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _convolution(WIDTH, WIDTH), nn.ReLU(), _convolution(WIDTH, WIDTH)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class EnhanceNet(nn.Module):
    """Trunk (N, channels, H, W) -> (N, outputs, factor·H, factor·W); see :class:`heads.Network`."""

    stride = 1
    # first convolution, blocks, the one that ends the skip, and the fine one
    receptive_field = 1 + 2 * BLOCKS + 1 + 1

    def __init__(self, channels: int, outputs: int, factor: int) -> None:
        super().__init__()
        self.outputs, self.factor = outputs, factor
        self.first = _convolution(channels, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(BLOCKS)), _convolution(WIDTH, WIDTH))
        larger = [nn.Upsample(scale_factor=factor, mode="nearest")] if factor > 1 else []
        self.last = nn.Sequential(
            *larger, _convolution(WIDTH, WIDTH), nn.ReLU(), nn.Conv2d(WIDTH, outputs, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return self.last(x + self.blocks(x))
