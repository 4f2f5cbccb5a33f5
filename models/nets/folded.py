"""A U-Net on folded pixels: every 2×2 block is one pixel of four times the channels.

Nothing is computed at full resolution, where a convolution costs most and sees least, as in
FFDNet (Zhang et al. 2018, IEEE Trans. Image Process. 27, 4608) and the sub-pixel convolution
of Shi et al. 2016. Without normalisation, so that a tile equals the whole disk.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.nets.heads import begin_at_zero

FOLD = 2
# The field is given twice: nearly linear, for kilogauss, and by its logarithm, for the noise.
LINEAR, LOGARITHM, KNEE = 0.3, 0.6, 0.3


class Block(nn.Module):
    """x + conv(relu(conv(x))), both 3×3."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        with torch.no_grad():  # the blocks begin close to nothing, so that depth does not hurt
            self.second.weight.mul_(0.3)
            self.second.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(functional.relu(self.first(x)))


class FoldedUNet(nn.Module):
    """Trunk (N, channels, H, W) -> (N, outputs, H, W); see :class:`heads.Network`.

    The first channel is the field, best in units of 100 G: what lies below ``KNEE`` of them
    counts as weak.

    widths : features at every level, the first at half the resolution, each at half of the
        one before; the stride is 2^len(widths)
    blocks : residual blocks at every level, each way
    more : further ones at the finest level, after everything has come together
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        factor: int,
        *,
        widths: tuple[int, ...] = (48, 96, 128),
        blocks: tuple[int, ...] = (1, 1, 2),
        more: int = 0,
    ) -> None:
        super().__init__()
        if factor != 1 or len(widths) != len(blocks):
            raise TypeError("a folded U-Net keeps the pixels, and has one number of blocks a level")
        self.outputs, self.factor, self.stride = outputs, factor, FOLD ** len(widths)
        self.receptive_field = _reach(blocks) + 2 * more * FOLD
        pairs = list(pairwise(widths))

        def stage(width: int, count: int) -> nn.Sequential:
            return nn.Sequential(*(Block(width) for _ in range(count)))

        # Folding, then 3×3 pixels: as one convolution, whose shapes every runtime can tell.
        self.first = nn.Conv2d(channels + 1, widths[0], 3 * FOLD, stride=FOLD, padding=FOLD)
        self.down = nn.ModuleList(map(stage, widths, blocks))
        self.shrink = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in pairs)
        self.enlarge = nn.ModuleList(
            nn.Sequential(nn.Conv2d(coarse, 4 * fine, 1), nn.PixelShuffle(2))
            for fine, coarse in pairs
        )
        ups = (blocks[0] + more, *blocks[1:-1])
        self.up = nn.ModuleList(map(stage, widths[:-1], ups))
        self.last = begin_at_zero(nn.Conv2d(widths[0], outputs * FOLD**2, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        field = x[:, :1]
        weak = torch.sign(field) * torch.log(1 + field.abs() / KNEE)
        x = torch.cat([LINEAR * field, LOGARITHM * weak, x[:, 1:]], 1)
        x = self.down[0](functional.relu(self.first(x)))
        skips = []
        for shrink, stage in zip(self.shrink, self.down[1:], strict=True):
            skips.append(x)
            x = stage(shrink(x))
        for grow, stage in zip(reversed(self.enlarge), reversed(self.up), strict=True):
            x = stage(skips.pop() + grow(x))
        return functional.pixel_shuffle(self.last(x), FOLD)


def _reach(blocks: tuple[int, ...]) -> int:
    """How far, in input pixels, an input can change an output."""
    reach = 2 * FOLD + 1  # the first and the last convolution, and the place in a folded pixel
    for level, count in enumerate(blocks):
        pixel, ways = FOLD ** (level + 1), 1 if level == len(blocks) - 1 else 2
        reach += 2 * count * ways * pixel
        reach += pixel if ways == 2 else 0  # the halving's partner
    return reach
