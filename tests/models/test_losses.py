"""Terms of the loss: known values, gradients, and blindness to what is not measured."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm
from skimage.metrics import structural_similarity

torch = pytest.importorskip("torch", reason="torch is not installed")

from models import losses  # noqa: E402
from models.recipe import Losses  # noqa: E402

torch.set_num_threads(1)

SIDE = 16


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "BLOCK", 4)


def images(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Mean, target and valid, float64 (2, 1, 16, 16); one row is not measured."""
    torch.manual_seed(seed)
    mean, target = 0.3 * torch.randn(2, 2, 1, SIDE, SIDE, dtype=torch.float64)
    valid = torch.ones_like(mean)
    valid[:, :, 1] = 0
    return mean, target, valid


@pytest.mark.parametrize("name", losses.PLAIN)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    mean, target, valid = images()
    mean.requires_grad_(True)
    assert torch.autograd.gradcheck(
        lambda m: losses.PLAIN[name](m, target, valid), (mean,), fast_mode=True
    )


@pytest.mark.parametrize("beta", [0.0, 0.5])
def test_gradients_of_the_likelihood_are_those_of_finite_differences(beta: float) -> None:
    mean, target, valid = images()
    told = 0.1 * target - 2
    mean.requires_grad_(True)
    assert torch.autograd.gradcheck(
        lambda m: losses.likelihood(m, target, valid, told, beta), (mean,), fast_mode=True
    )
    if not beta:  # else the weight does not follow the variance
        told.requires_grad_(True)
        assert torch.autograd.gradcheck(
            lambda v: losses.likelihood(mean, target, valid, v, beta), (told,), fast_mode=True
        )


def test_gradients_of_adversarial_terms_are_those_of_finite_differences() -> None:
    one, two, _ = images()
    for each in (one, two):
        each.requires_grad_(True)
    assert torch.autograd.gradcheck(losses.adversarial, (one,), fast_mode=True)
    assert torch.autograd.gradcheck(losses.discrimination, (one, two), fast_mode=True)
    assert torch.autograd.gradcheck(
        lambda a, b: losses.features([a, 2 * a], [b, b]), (one, two), fast_mode=True
    )


@pytest.mark.parametrize("name", losses.PLAIN)
def test_the_truth_costs_nothing_and_anything_else_does(name: str) -> None:
    mean, target, valid = images()
    assert float(losses.PLAIN[name](target, target, valid)) == pytest.approx(0, abs=1e-12)
    assert float(losses.PLAIN[name](mean, target, valid)) > 0


@pytest.mark.parametrize("name", [*losses.PLAIN, "likelihood"])
def test_what_is_not_measured_changes_nothing(name: str) -> None:
    mean, target, valid = images()
    wanted = Losses.model_validate({name: 1.0})
    told = torch.full_like(mean, -2.0)
    before = losses.terms(wanted, mean, told, target, valid)
    hidden = valid == 0
    after = losses.terms(
        wanted,
        mean.masked_fill(hidden, 7.0),
        told.masked_fill(hidden, 3.0),
        target.masked_fill(hidden, math.nan),
        valid,
    )
    assert list(before) == [name]
    assert after[name] == before[name]


def test_plain_errors() -> None:
    target, valid = torch.zeros(1, 1, 1, 4), torch.tensor([[[[1.0, 1.0, 1.0, 0.0]]]])
    mean = torch.tensor([[[[0.005, -0.02, 0.0, 9.0]]]])
    assert float(losses.mse(mean, target, valid)) == pytest.approx((0.005**2 + 0.02**2) / 3)
    assert float(losses.l1(mean, target, valid)) == pytest.approx(0.025 / 3)
    linear = losses.HUBER * (0.02 - 0.5 * losses.HUBER)
    assert float(losses.huber(mean, target, valid)) == pytest.approx((0.005**2 / 2 + linear) / 3)


def test_a_ramp_has_its_slope_as_gradient() -> None:
    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    ramp = (0.3 * rows - 0.4 * columns)[None, None]
    lost = losses.gradient(ramp, torch.zeros_like(ramp), torch.ones_like(ramp))
    assert float(lost) == pytest.approx(0.3**2 + 0.4**2, rel=1e-5)


def test_histograms_do_not_care_where_values_are() -> None:
    mean, _, valid = images()
    valid = torch.ones_like(valid)
    shuffled = mean.flatten()[torch.randperm(mean.numel())].reshape(mean.shape)
    assert float(losses.histogram(mean, shuffled, valid)) == pytest.approx(0, abs=1e-15)


def test_similarity_is_that_of_scikit_image() -> None:
    mean, target, _ = images()
    valid, rim = torch.ones_like(mean), losses.SSIM_WINDOW // 2
    expected = []
    for x, y in zip(mean[:, 0].numpy(), target[:, 0].numpy(), strict=True):
        _, similar = structural_similarity(
            x,
            y,
            data_range=1.0,
            gaussian_weights=True,
            sigma=losses.SSIM_SIGMA,
            use_sample_covariance=False,
            full=True,
        )
        expected.append(similar[rim:-rim, rim:-rim].mean())
    found = 1 - float(losses.ssim(mean, target, valid))
    assert found == pytest.approx(np.mean(expected), abs=1e-6)


def test_correlation_is_pearsons_at_every_scale() -> None:
    torch.manual_seed(0)
    coarse = torch.randn(2, 1, 1, 4, 4, dtype=torch.float64)
    # Constant over 8 by 8 pixels, the images correlate alike at all scales.
    x, y = coarse.repeat_interleave(8, 3).repeat_interleave(8, 4)
    expected = 1 - np.corrcoef(*coarse.reshape(2, -1).numpy())[0, 1]
    assert float(losses.correlation(x, y, torch.ones_like(x))) == pytest.approx(expected)
    assert float(losses.correlation(x, 3 * x + 1, torch.ones_like(x))) == pytest.approx(0, abs=1e-9)


def test_likelihood_is_that_of_a_gaussian() -> None:
    mean, target, valid = images()
    told = 0.5 * target - 1
    found = float(losses.likelihood(mean, target, valid, told, 0.0))
    seen = valid.numpy() > 0
    sigma = np.exp(0.5 * told.numpy()[seen])
    density = norm.logpdf(target.numpy()[seen], mean.numpy()[seen], sigma)
    assert found == pytest.approx(-density.mean() - 0.5 * math.log(2 * math.pi))


def test_with_beta_one_all_means_pull_alike() -> None:
    mean, target, valid = images()
    mean.requires_grad_(True)
    told = 2 * target
    pull = torch.autograd.grad(losses.likelihood(mean, target, valid, told, 1.0), mean)[0]
    alike = torch.autograd.grad(0.5 * losses.mse(mean, target, valid), mean)[0]
    torch.testing.assert_close(pull, alike)


def test_flux_is_judged_by_block_and_by_image() -> None:
    target = torch.full((1, 1, 4, 8), 0.5)
    target[..., 4:] *= -1
    mean, valid = 0.9 * target, torch.ones_like(target)
    relative = 0.05 / (0.5 + losses.FAINT)
    assert float(losses.flux(mean, target, valid)) == pytest.approx(relative**2, rel=1e-5)
    assert float(losses.weak_flux(mean, target, valid)) == pytest.approx(0.25, rel=1e-5)
    assert float(losses.weak_flux(9 * mean, 9 * target, valid)) == 0  # nothing is weak


def test_the_unsigned_field_of_an_unknown_polarity_is_that_of_sigma() -> None:
    """A normal variable without mean has the mean size sigma √(2/π)."""
    valid = torch.ones(1, 1, 16, 16)
    nothing, sigma = torch.zeros_like(valid), 0.5
    told = torch.full_like(valid, 2 * math.log(sigma))
    size = sigma * math.sqrt(2 / math.pi)
    target = torch.where(torch.rand_like(valid) < 0.5, -size, size)
    assert float(losses.unsigned(nothing, target, valid, told)) == pytest.approx(0, abs=1e-10)
    sure = torch.full_like(valid, -20.0)
    assert float(losses.unsigned(target.abs(), target, valid, sure)) == pytest.approx(0, abs=1e-8)
    missed = (size / (size + losses.FLOOR)) ** 2
    assert float(losses.unsigned(nothing, target, valid, sure)) == pytest.approx(missed, rel=1e-3)
