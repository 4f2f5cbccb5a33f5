"""What training makes small: one function per term, none of which looks at unmeasured pixels.

Each takes *mean*, *target* and *valid*, (N, K, H, W) of one dtype, in units of the recipe's
``output.scale``, *valid* being 1 where the target is measured and 0 elsewhere; and gives one
number; those of adversarial training take what a discriminator makes of them
(:mod:`models.adversary`). Refuses to know networks and batches.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from models.recipe import Losses

# Sobel & Feldman's operator (1968), one eighth of it, so that a ramp of one unit per pixel gives 1.
SOBEL = ((-0.125, 0.0, 0.125), (-0.25, 0.0, 0.25), (-0.125, 0.0, 0.125))
HUBER = 0.01  # units; beyond it the loss grows linearly
# Window and constants of Wang et al. 2004, IEEE Trans. Image Process. 13, 600.
SSIM_WINDOW, SSIM_SIGMA, SSIM_K1, SSIM_K2 = 11, 1.5, 0.01, 0.03
CORRELATION_SCALES = 4  # of Pix2PixCC, Jeong et al. 2022
# Released configuration of Muñoz-Jaramillo et al. 2024, for B/3500 G: noise below 60 G, nothing
# above 5000 G, steps of .15 in the logarithm.
BIN_NOISE, BIN_LIMIT, BIN_STEP = 60 / 3500, 5000 / 3500, 0.15

BLOCK, FAINT = 32, 0.005  # px, units
EXCESS = 0.1  # units
COARSE, FLOOR = 8, 0.05  # px, units


def mse(mean: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean square of the error."""
    return _average((mean - target).square(), valid)


def l1(mean: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean size of the error."""
    return _average((mean - target).abs(), valid)


def huber(mean: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Square for small errors, linear for large ones (Huber 1964, Ann. Math. Stat. 35, 73)."""
    error = functional.huber_loss(mean, target, reduction="none", delta=HUBER)
    return _average(error, valid)


def gradient(mean: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean square of the error's Sobel gradient (Muñoz-Jaramillo et al. 2024)."""
    kernel = mean.new_tensor(SOBEL)
    kernels = torch.stack([kernel, kernel.T])[:, None]
    slope = functional.conv2d(_flat(mean - target, valid), kernels)
    whole = -functional.max_pool2d(-_flat(valid, valid), 3, stride=1)  # all nine measured
    return _average(slope.square().sum(1, keepdim=True), whole)


def histogram(mean: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean square difference of the two histograms, as shares of the pixels per bin.

    Differentiable because a value counts for both bins beside it, by its distance to their
    centres. Bins are even in arsinh(B/60 G): linear in the noise, logarithmic above. The idea
    and the bins' numbers are of Muñoz-Jaramillo et al. 2024; its weights are for counts.
    """
    return (_shares(mean, valid) - _shares(target, valid)).square().mean()


def ssim(mean: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """1 - structural similarity (Wang et al. 2004), for a dynamic range of one unit."""
    offsets = torch.arange(SSIM_WINDOW, dtype=mean.dtype, device=mean.device) - SSIM_WINDOW // 2
    line = torch.exp(-0.5 * (offsets / SSIM_SIGMA) ** 2)
    window = torch.outer(line, line)[None, None] / line.sum() ** 2

    def blur(image: Tensor) -> Tensor:
        return functional.conv2d(image, window)

    x, y = _flat(mean, valid), _flat(target, valid)
    mx, my = blur(x), blur(y)
    vx, vy, vxy = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
    c1, c2 = SSIM_K1**2, SSIM_K2**2
    similar = (2 * mx * my + c1) * (2 * vxy + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    whole = -functional.max_pool2d(-_flat(valid, valid), SSIM_WINDOW, stride=1)
    return 1 - _average(similar, whole)


def correlation(mean: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """1 - Pearson's correlation, averaged over images and over bins of 1, 2, 4 and 8 pixels.

    Source: Pix2PixCC, Jeong et al. 2022, ApJS 262, 50.
    """
    x, y, measured = _flat(mean, valid), _flat(target, valid), _flat(valid, valid)
    lost = mean.new_zeros(())
    for scale in range(CORRELATION_SCALES):
        if scale:
            x, y, measured = (functional.avg_pool2d(each, 2) for each in (x, y, measured))
        n = measured.sum((1, 2, 3), keepdim=True).clamp(min=1)
        # A half-measured bin holds half its field: so does its part of the mean.
        dx = x - measured * x.sum((1, 2, 3), keepdim=True) / n
        dy = y - measured * y.sum((1, 2, 3), keepdim=True) / n
        tiny = torch.finfo(x.dtype).tiny ** 0.5
        norm = (dx.square().sum((1, 2, 3)) * dy.square().sum((1, 2, 3)) + tiny).sqrt()
        lost = lost + 1 - ((dx * dy).sum((1, 2, 3)) / norm).mean()
    return lost / CORRELATION_SCALES


def flux(mean: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean square of the relative error of the unsigned flux of blocks.

    The mean of all fields that could be, which squared errors ask for, has less unsigned
    flux than any of them. Blocks have :data:`BLOCK` pixels a side and count where all of
    them are measured; :data:`FAINT` keeps empty ones from counting without bound.
    """
    found, true, measured = (
        functional.avg_pool2d(_flat(image, valid), BLOCK)
        for image in (mean.abs(), target.abs(), valid)
    )
    whole = (measured == 1).to(mean.dtype)
    return _average(((found - true) / (true + FAINT)).square(), whole)


def weak_flux(mean: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean square, over images, of what weak pixels have too much of unsigned flux.

    Weak are those up to one unit in the target; the excess is their mean, in units of
    :data:`EXCESS`. Source: as for :func:`flux`.
    """
    weak = _flat(valid * (target.abs() <= 1), valid)
    excess = (_flat(mean.abs() - target.abs(), valid) * weak).sum((1, 2, 3))
    return (excess / weak.sum((1, 2, 3)).clamp(min=1) / EXCESS).square().mean()


def likelihood(
    mean: Tensor, target: Tensor, valid: Tensor, log_variance: Tensor, beta: float
) -> Tensor:
    """Minus the logarithm of a Gaussian's density, without its constant (Nix & Weigend 1994).

    beta : a pixel counts by this power of its stated variance, so that means of uncertain
        pixels are learnt too (Seitzer et al. 2022, arXiv 2203.09168); 0 is the likelihood
    """
    surprise = (mean - target).square() * torch.exp(-log_variance) + log_variance
    if beta:
        surprise = surprise * torch.exp(beta * log_variance.detach())
    return _average(0.5 * surprise, valid)


def unsigned(mean: Tensor, target: Tensor, valid: Tensor, log_variance: Tensor) -> Tensor:
    """Mean square of the relative error of the unsigned field that mean and variance promise.

    Where only the polarity is unknown the mean is small and says nothing of the flux; the
    mean size of a normal variable does (folded normal, Leone et al. 1961, Technometrics 3,
    543). Blocks have :data:`COARSE` pixels a side and count where all of them are measured.
    """
    sigma = torch.exp(0.5 * log_variance)
    ratio = mean / sigma
    size = sigma * math.sqrt(2 / math.pi) * torch.exp(-0.5 * ratio.square())
    size = size + mean * torch.erf(ratio / math.sqrt(2))
    found, true, measured = (
        functional.avg_pool2d(_flat(image, valid), COARSE) for image in (size, target.abs(), valid)
    )
    whole = (measured == 1).to(mean.dtype)
    return _average(((found - true) / (true + FLOOR)).square(), whole)


def adversarial(verdict: Tensor) -> Tensor:
    """How far a discriminator's verdict on an estimate is from 1 (LSGAN, Mao et al. 2017)."""
    return (verdict - 1).square().mean()


def discrimination(truth: Tensor, estimate: Tensor) -> Tensor:
    """How far its verdicts are from 1 on truths and 0 on estimates (LSGAN, Mao et al. 2017)."""
    return 0.5 * ((truth - 1).square().mean() + estimate.square().mean())


def features(estimate: Sequence[Tensor], truth: Sequence[Tensor]) -> Tensor:
    """Mean difference of what its layers see (feature matching, Wang et al. 2018, pix2pixHD)."""
    pairs = zip(estimate, truth, strict=True)
    return torch.stack([(seen - wanted).abs().mean() for seen, wanted in pairs]).mean()


PLAIN = {
    "mse": mse,
    "l1": l1,
    "huber": huber,
    "gradient": gradient,
    "histogram": histogram,
    "ssim": ssim,
    "correlation": correlation,
    "flux": flux,
    "weak_flux": weak_flux,
}


def terms(
    wanted: Losses, mean: Tensor, log_variance: Tensor | None, target: Tensor, valid: Tensor
) -> dict[str, Tensor]:
    """Every term that has a weight, unweighted; those of the adversary are left out."""
    target = torch.where(valid > 0, target, 0)
    found = {name: f(mean, target, valid) for name, f in PLAIN.items() if name in wanted.weights}
    if wanted.likelihood and log_variance is not None:
        found["likelihood"] = likelihood(mean, target, valid, log_variance, wanted.likelihood_beta)
    if wanted.unsigned and log_variance is not None:
        found["unsigned"] = unsigned(mean, target, valid, log_variance)
    return found


def _average(values: Tensor, valid: Tensor) -> Tensor:
    return (values * valid).sum() / valid.sum().clamp(min=1)


def _flat(image: Tensor, valid: Tensor) -> Tensor:
    """Every channel an image of its own, 0 where nothing is measured."""
    return (image * valid).reshape(-1, 1, *image.shape[2:])


def _shares(values: Tensor, valid: Tensor) -> Tensor:
    limit = math.asinh(BIN_LIMIT / BIN_NOISE)
    bins = 2 * math.ceil(limit / BIN_STEP) + 1
    place = torch.asinh(values / BIN_NOISE).clamp(-limit, limit) / BIN_STEP + bins // 2
    low = place.detach().floor().clamp(0, bins - 2)
    up = (place - low) * valid
    counts = values.new_zeros(bins)
    counts = counts.index_add(0, low.long().flatten(), (valid - up).flatten())
    counts = counts.index_add(0, low.long().flatten() + 1, up.flatten())
    return counts / valid.sum().clamp(min=1)
