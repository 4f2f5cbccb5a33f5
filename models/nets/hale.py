"""A U-Net that thinks in leading polarities: what leads in a region is positive to it.

Hale's law makes polarity one question less: where the network is told which polarity leads
(a channel of signs), the map's field goes in times that sign and the answer comes out times
it. Reversing the Sun's polarity then reverses the answer exactly, and a bipole of the
north in one cycle looks like one of the south, or of the next cycle.
"""

from __future__ import annotations

import torch
from torch import Tensor

from models.nets.folded import FoldedUNet


class HaleUNet(FoldedUNet):
    """Trunk (N, channels, H, W) -> (N, outputs, H, W); see :class:`heads.Network`.

    The first channel is a field, and so is the first output.

    leading : which channel holds the polarity that leads, -1 to 1
    widths, blocks, more : as of :class:`FoldedUNet`
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        factor: int,
        *,
        leading: int,
        widths: tuple[int, ...] = (32, 48, 64, 96),
        blocks: tuple[int, ...] = (1, 1, 1, 2),
        more: int = 0,
    ) -> None:
        super().__init__(channels, outputs, factor, widths=widths, blocks=blocks, more=more)
        if not 0 < leading < channels:
            raise TypeError(f"there is no channel {leading} of leading polarities")
        self.leading = leading

    def forward(self, x: Tensor) -> Tensor:
        leading = x[:, self.leading : self.leading + 1]
        sign = torch.where(leading < 0, -torch.ones_like(leading), torch.ones_like(leading))
        before, after = x[:, 1 : self.leading], x[:, self.leading + 1 :]
        y = super().forward(torch.cat([x[:, :1] * sign, before, leading.abs(), after], 1))
        return torch.cat([y[:, :1] * sign, y[:, 1:]], 1)
