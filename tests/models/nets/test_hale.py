"""The far-side trunk: polarity by Hale's law, and nothing else by polarity."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from models.nets.hale import HaleUNet  # noqa: E402


def trunk() -> HaleUNet:
    torch.manual_seed(0)
    net = HaleUNet(4, 2, 1, leading=2, widths=(8, 12), blocks=(1, 1))
    torch.nn.init.normal_(net.last.weight)
    return net.eval()


def sun(leading: float) -> torch.Tensor:
    torch.manual_seed(1)
    x = torch.rand(1, 4, 16, 24) - 0.5
    x[:, 2] = leading
    return x


def test_another_cycle_reverses_the_mean_and_leaves_the_variance() -> None:
    net, x, y = trunk(), sun(1.0), sun(-1.0)
    y[:, :1] = -x[:, :1]
    there, here = net(x), net(y)
    torch.testing.assert_close(there[:, :1], -here[:, :1])
    torch.testing.assert_close(there[:, 1:], here[:, 1:])


def test_without_a_map_hales_law_alone_decides() -> None:
    net, x, y = trunk(), sun(1.0), sun(-1.0)
    x[:, :1] = y[:, :1] = 0.0
    there, here = net(x), net(y)
    assert there[:, :1].abs().max() > 0
    torch.testing.assert_close(there[:, :1], -here[:, :1])


def test_it_is_told_which_channel_leads() -> None:
    with pytest.raises(TypeError, match="no channel 4"):
        HaleUNet(4, 2, 1, leading=4)
