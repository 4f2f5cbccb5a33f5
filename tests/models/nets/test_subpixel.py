"""The super-resolution trunk: shapes, locality, and what it makes of scaled fields."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from models.nets.heads import Network  # noqa: E402
from models.nets.subpixel import SubPixel  # noqa: E402


def trunk(factor: int = 4, **options: float) -> SubPixel:
    torch.manual_seed(0)
    return SubPixel(3, 2, factor, width=12, blocks=1, fine=4, **options).eval()


@pytest.mark.parametrize("factor", [2, 4])
def test_any_size_is_enlarged(factor: int) -> None:
    answer = Network(trunk(factor), 1.0)(torch.rand(2, 3, 7, 12))
    assert answer.mean.shape == answer.log_variance.shape == (2, 1, 7 * factor, 12 * factor)


def test_other_factors_are_refused() -> None:
    with pytest.raises(TypeError, match="2 or 4"):
        trunk(3)


def test_an_input_changes_nothing_beyond_the_receptive_field() -> None:
    net = trunk()
    x = torch.rand(1, 3, 41, 41, requires_grad=True)
    net(x)[0, :, 80:84, 80:84].sum().backward()
    seen = x.grad.abs().sum((0, 1)).nonzero()
    assert (seen - 20).abs().max() <= net.receptive_field


def test_gain_is_the_first_channels_unit() -> None:
    x = torch.rand(1, 3, 8, 8)
    scaled = torch.cat([x[:, :1] / 4.0, x[:, 1:]], 1)
    torch.testing.assert_close(trunk()(x), trunk(gain=4.0)(scaled))


def test_untrained_errors_follow_the_field_around() -> None:
    net = Network(trunk(), 1.0)
    weak, strong = (net(torch.full((1, 3, 16, 16), b)).log_variance for b in (0.1, 1.0))
    # ten times the field, a hundred times the variance, up to what the random layers add
    assert (strong - weak).mean().item() == pytest.approx(4.6, abs=1.0)


def test_the_opposite_polarity_gets_the_opposite_answer() -> None:
    net = Network(trunk(), 1.0)
    x = torch.randn(1, 3, 8, 8)
    opposite = torch.cat([-x[:, :1], x[:, 1:]], 1)
    torch.testing.assert_close(net(opposite).mean, -net(x).mean)
    torch.testing.assert_close(net(opposite).log_variance, net(x).log_variance)
