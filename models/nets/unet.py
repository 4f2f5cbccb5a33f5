"""A U-Net (Ronneberger et al. 2015) without normalisation, so that a tile equals the whole disk.

Residual blocks of two 3×3 convolutions; skips are added, not stacked; upwards, features are
mixed, then enlarged bilinearly, which leaves no checkerboard (Odena et al. 2016).
"""

from __future__ import annotations

from torch import Tensor, nn

from models.nets.heads import begin_at_zero


class Block(nn.Module):
    """x + conv(relu(conv(x))), both 3×3."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        layers = [
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
        ]
        if dropout:
            layers.append(nn.Dropout2d(dropout))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class UNet(nn.Module):
    """Trunk (N, channels, H, W) -> (N, outputs, factor·H, factor·W); see :class:`heads.Network`.

    width : features at full resolution; twice as many at every level below
    depth : number of halvings; the stride is 2^depth
    blocks : residual blocks at every level, each way
    dropout : share of features dropped in training
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        factor: int,
        *,
        width: int = 32,
        depth: int = 3,
        blocks: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.outputs, self.factor = outputs, factor
        self.stride = 2**depth
        self.receptive_field = _reach(depth, blocks)
        widths = [width * 2**level for level in range(depth + 1)]

        def stage(features: int) -> nn.Sequential:
            return nn.Sequential(*(Block(features, dropout) for _ in range(blocks)))

        self.first = nn.Conv2d(channels, width, 3, padding=1)
        self.down = nn.ModuleList(stage(features) for features in widths)
        self.shrink = nn.ModuleList(nn.Conv2d(fine, 2 * fine, 2, stride=2) for fine in widths[:-1])
        self.enlarge = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(2 * fine, fine, 1), nn.Upsample(scale_factor=2, mode="bilinear")
            )
            for fine in widths[:-1]
        )
        self.up = nn.ModuleList(stage(features) for features in widths[:-1])
        finer = [nn.Upsample(scale_factor=factor, mode="bilinear")] if factor > 1 else []
        self.last = nn.Sequential(
            *finer,
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            begin_at_zero(nn.Conv2d(width, outputs, 3, padding=1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.down[0](self.first(x))
        skips = []
        for shrink, stage in zip(self.shrink, self.down[1:], strict=True):
            skips.append(x)
            x = stage(shrink(x))
        for grow, stage in zip(reversed(self.enlarge), reversed(self.up), strict=True):
            x = stage(skips.pop() + grow(x))
        return self.last(x)


def _reach(depth: int, blocks: int) -> int:
    """How far, in input pixels, an input can change an output."""
    reach = 1  # the first convolution
    for level in range(depth):
        pixel = 1 << level
        reach += 4 * blocks * pixel  # the blocks of both ways
        reach += pixel + 2 * pixel  # the halving's partner, the neighbour of the doubling
    reach += 2 * blocks << depth
    return reach + 2  # the last two convolutions, or enlarging and them
