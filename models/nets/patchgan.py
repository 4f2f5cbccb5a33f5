"""A discriminator that judges patches (PatchGAN, Isola et al. 2017), needed in training only.

Spectral normalisation (Miyato et al. 2018) instead of instance normalisation, which would
hide from it how strong a field is.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

WIDTHS = (32, 64, 128)


class PatchGAN(nn.Module):
    """(N, channels, H, W) -> what each layer sees; the last one, (N, 1, …), is the verdict."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        for width in WIDTHS:
            convolution = spectral_norm(nn.Conv2d(channels, width, 4, stride=2, padding=1))
            self.layers.append(nn.Sequential(convolution, nn.LeakyReLU(0.2)))
            channels = width
        self.layers.append(spectral_norm(nn.Conv2d(channels, 1, 3, padding=1)))

    def forward(self, x: Tensor) -> list[Tensor]:
        seen = []
        for layer in self.layers:
            x = layer(x)
            seen.append(x)
        return seen
