"""The denoiser's trunk: shapes, locality, and what an untrained one answers."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from models.nets.folded import FoldedUNet  # noqa: E402
from models.nets.heads import Network  # noqa: E402


def trunk(trained: bool = True) -> FoldedUNet:
    torch.manual_seed(0)
    net = FoldedUNet(3, 2, 1, widths=(8, 12, 16), blocks=(1, 1, 2), more=1)
    net.eval()
    if trained:
        torch.nn.init.normal_(net.last.weight)
    return net


def test_any_multiple_of_the_stride_keeps_its_pixels() -> None:
    net = Network(trunk(), 1.0)
    assert net.stride == 8
    answer = net(torch.rand(2, 3, 24, 40))
    assert answer.mean.shape == answer.log_variance.shape == (2, 1, 24, 40)


def test_untrained_it_gives_the_field_back() -> None:
    x = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(Network(trunk(trained=False), 1.0)(x).mean, x[:, :1])


def test_an_input_changes_nothing_beyond_the_receptive_field() -> None:
    net = trunk()
    for place in (120, 127):  # first and last pixel of what the stride joins
        x = torch.rand(1, 3, 248, 248, requires_grad=True)
        net(x)[0, :, place, place].sum().backward()
        seen = x.grad.abs().sum((0, 1)).nonzero()
        assert (seen - place).abs().max() <= net.receptive_field
    # a bound that is not much too wide: tiles pay for it
    assert net.receptive_field - (seen - place).abs().max() < net.stride


def test_its_stages_need_one_number_of_blocks_each() -> None:
    with pytest.raises(TypeError, match="blocks"):
        FoldedUNet(3, 2, 1, widths=(8, 16), blocks=(1,))
    with pytest.raises(TypeError, match="pixels"):
        FoldedUNet(3, 2, 4)
