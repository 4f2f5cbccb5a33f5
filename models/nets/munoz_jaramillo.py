"""The super-resolution network of Muñoz-Jaramillo et al. 2024 (ApJS 271, 46).

A HighRes-net (Deudon et al. 2020) of one frame: residual blocks at the input's resolution,
bilinear enlargement, two convolutions. As published it gives the field itself
(``base = 0``), from B/3500 G and r/R; the mask is this project's.
"""

from __future__ import annotations

from torch import Tensor, nn

WIDTH, BLOCKS = 64, 2


def _layer(channels: int, width: int, dropout: float) -> list[nn.Module]:
    """Reflection, 3×3 convolution, dropout, PReLU."""
    convolution = nn.Conv2d(channels, width, 3, padding=1, padding_mode="reflect")
    return [convolution, *([nn.Dropout(dropout)] if dropout else []), nn.PReLU()]


class Block(nn.Module):
    """x + two layers of x."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_layer(WIDTH, WIDTH, 0.0), *_layer(WIDTH, WIDTH, dropout))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class MunozJaramillo(nn.Module):
    """Trunk (N, channels, H, W) -> (N, outputs, factor·H, factor·W); see :class:`heads.Network`.

    dropout : share of values dropped in training; published are networks with and without
    """

    stride = 1
    # first layer, blocks, last layer, interpolation, and the fine layer within a coarse pixel
    receptive_field = 1 + 2 * BLOCKS + 1 + 1 + 1

    def __init__(self, channels: int, outputs: int, factor: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.outputs, self.factor = outputs, factor
        larger = [nn.Upsample(scale_factor=factor, mode="bilinear")] if factor > 1 else []
        self.layers = nn.Sequential(
            *_layer(channels, WIDTH, dropout),
            *(Block(dropout) for _ in range(BLOCKS)),
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1, padding_mode="reflect"),
            *larger,
            *_layer(WIDTH, WIDTH, dropout),
            nn.Conv2d(WIDTH, outputs, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
