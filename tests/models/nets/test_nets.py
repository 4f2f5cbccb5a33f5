"""Networks: shapes, locality, float32 where it counts, and what they refuse."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from learning import recipe  # noqa: E402

from models.nets import TRUNKS, Network, build  # noqa: E402
from models.nets.enhance_net import EnhanceNet  # noqa: E402
from models.nets.heads import BOUNDS  # noqa: E402
from models.nets.munoz_jaramillo import MunozJaramillo  # noqa: E402
from models.nets.patchgan import PatchGAN  # noqa: E402
from models.nets.unet import UNet  # noqa: E402
from pipeline.core import BadRequest  # noqa: E402


def trunks(factor: int) -> list[torch.nn.Module]:
    torch.manual_seed(0)
    return [
        UNet(3, 2, factor, width=4, depth=2),
        UNet(3, 2, factor, width=4, depth=0, blocks=2, dropout=0.5),
        MunozJaramillo(3, 2, factor),
        EnhanceNet(3, 2, factor),
    ]


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_any_multiple_of_the_stride_is_enlarged_by_the_factor(factor: int) -> None:
    for trunk in trunks(factor):
        x = torch.rand(2, 3, 2 * trunk.stride, 5 * trunk.stride)
        answer = Network(trunk.eval(), 1.0)(x)
        size = (2, 1, factor * x.shape[2], factor * x.shape[3])
        assert answer.mean.shape == answer.log_variance.shape == size


@pytest.mark.parametrize("factor", [1, 4])
def test_an_input_changes_nothing_beyond_the_receptive_field(factor: int) -> None:
    for trunk in trunks(factor):
        net = Network(trunk, 1.0).double().eval()
        middle = net.stride * (net.receptive_field // net.stride + 1)
        side = 2 * middle + net.stride
        for name, values in trunk.named_parameters():
            if name.endswith("weight"):  # nothing may cancel, nor hide behind a zero
                torch.nn.init.uniform_(values, 0.01, 0.1)
        reached = 0
        with torch.no_grad():
            x = torch.full((1, 3, side, side), 0.5, dtype=torch.float64)
            before = net(x).mean
            for row in range(middle, middle + net.stride):
                changed = x.clone()
                changed[0, 0, row, middle] = 1
                rows = torch.nonzero((net(changed).mean - before)[0, 0].abs().sum(1)).flatten()
                first, last = int(rows.min()) // factor, int(rows.max()) // factor
                reached = max(reached, row - first, last - row)
        assert net.receptive_field / 2 < reached <= net.receptive_field


def test_an_untrained_denoiser_gives_the_field_and_an_uncertain_one() -> None:
    x = 3 * torch.rand(1, 3, 8, 8)
    answer = Network(UNet(3, 2, 1, width=4, depth=1), 1.0)(x)
    assert torch.equal(answer.mean, x[:, :1])
    assert torch.all((answer.log_variance > BOUNDS[0]) & (answer.log_variance < BOUNDS[1]))


def test_an_untrained_cross_calibration_is_bicubic_times_its_base() -> None:
    x = torch.rand(1, 3, 8, 8)
    answer = Network(UNet(3, 1, 4, width=4, depth=1), 0.5)(x)
    larger = torch.nn.functional.interpolate(x[:, :1], scale_factor=4, mode="bicubic")
    torch.testing.assert_close(answer.mean, 0.5 * larger)
    assert answer.log_variance is None


@pytest.mark.parametrize("way", ["half", "autocast"])
def test_a_trunk_of_few_digits_leaves_strong_fields_exact(way: str) -> None:
    """3000.3 G in units of 100 G: float16 would make it 3000, bfloat16 2992."""
    net = Network(UNet(2, 2, 1, width=4, depth=1), 1.0).eval()
    if way == "half":
        net.trunk.half()
    x = torch.full((1, 2, 4, 4), 30.003)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=way == "autocast"):
        answer = net(x)
    assert answer.mean.dtype == answer.log_variance.dtype == torch.float32
    assert torch.equal(answer.mean, x[:, :1])


def test_the_published_network_has_its_size() -> None:
    """.22 M parameters, for field and location (Muñoz-Jaramillo et al. 2024)."""
    count = sum(values.numel() for values in MunozJaramillo(2, 1, 4).parameters())
    assert round(count / 1e6, 2) == 0.22


def test_a_discriminator_judges_patches() -> None:
    seen = PatchGAN(4)(torch.rand(2, 4, 32, 32))
    assert [tuple(each.shape) for each in seen] == [
        (2, 32, 16, 16),
        (2, 64, 8, 8),
        (2, 128, 4, 4),
        (2, 1, 4, 4),
    ]


def test_recipes_build_networks_or_are_refused() -> None:
    assert build(recipe()).stride == 2
    with pytest.raises(BadRequest, match=r"known are .*unet"):
        build(recipe(network={"kind": "transformer"}))
    with pytest.raises(BadRequest, match="widht"):
        build(recipe(network={"widht": 8}))


def test_every_known_trunk_says_what_the_pipeline_must_know() -> None:
    for kind in TRUNKS:
        factor = 2 if kind == "subpixel" else 1
        needed = {"leading": 2} if kind == "hale-unet" else {}
        trunk = TRUNKS[kind](3, 1, factor, **needed)
        assert (trunk.outputs, trunk.factor) == (1, factor)
        assert trunk.stride >= 1
        assert trunk.receptive_field >= 1
