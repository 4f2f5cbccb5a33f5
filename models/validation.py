"""How good a network is on held-out batches, while it is trained.

Knows a handful of numbers that tell whether training goes well, in gauss. The whole suite,
with baselines and intervals, is :mod:`models.evaluation`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models import losses
from models.batches import Tensors, placed
from models.nets import Estimate
from models.recipe import Recipe

Images = dict[str, NDArray[Any]]

BLOCK = 16  # px: about half a degree near disk centre in HMI's pixels, a cell of the map


def estimate(recipe: Recipe, net: nn.Module, x: Tensor) -> Estimate:
    """What *net* says, convolutions in the recipe's precision, answers in float32."""
    half = recipe.training.precision == "bfloat16"
    with torch.autocast(x.device.type, torch.bfloat16, enabled=half):
        mean, log_variance = net(x)
    return Estimate(mean, log_variance)


def validate(
    recipe: Recipe, net: nn.Module, batches: Sequence[Tensors], device: torch.device
) -> tuple[dict[str, float], Images]:
    """Scores of *net* on *batches*, and a few images in gauss to look at.

    validation : the loss, its likelihood with every pixel counting alike: weighted by the stated
        variance it is no score, being the less the larger variances are and errors with them
    rmse : gauss
    slope : of the estimate on the truth
    unsigned : the estimate's unsigned flux over the truth's
    spread : the stated standard error over the real one, in the root mean square
    """
    scale, weights = recipe.output.scale, recipe.losses.weights
    plain = recipe.losses.model_copy(update={"likelihood_beta": 0.0})
    lost: list[float] = []
    sums = np.zeros(7)
    images: Images = {}
    net.eval()
    with torch.no_grad():
        for batch in batches:
            x, target, valid = placed(batch, device)
            answer = estimate(recipe, net, x)
            found = losses.terms(plain, answer.mean, answer.log_variance, target, valid)
            lost.append(sum(weights[name] * float(value) for name, value in found.items()))
            sums += _sums(answer, target, valid)
            images = images or _images(scale, x, answer, target, valid)
    net.train()
    count, squares, variances, product, power, unsigned, true = (float(value) for value in sums)
    scores = {
        "validation": float(np.mean(lost)),
        "rmse": scale * math.sqrt(squares / count),
        "slope": product / power,
        "unsigned": unsigned / true,
    }
    if recipe.output.uncertainty != "none":
        scores["spread"] = math.sqrt(variances / squares)
    return scores, images


def _sums(answer: Estimate, target: Tensor, valid: Tensor) -> NDArray[Any]:
    m, t = (image[valid > 0].double() for image in (answer.mean, target))
    v = torch.zeros(1) if answer.log_variance is None else answer.log_variance[valid > 0].exp()
    each = torch.ones_like(m), (m - t) ** 2, v, m * t, t * t, m.abs(), t.abs()
    return np.array([float(values.sum()) for values in each])


def _images(scale: float, x: Tensor, answer: Estimate, target: Tensor, valid: Tensor) -> Images:
    shown = {"input": x, "estimate": answer.mean, "target": target}
    images = {name: (scale * image[:, 0]).float().cpu().numpy() for name, image in shown.items()}
    images["error"] = (images["estimate"] - images["target"]) * valid[:, 0].cpu().numpy()
    if answer.log_variance is not None:
        images["sigma"] = scale * (0.5 * answer.log_variance[:, 0]).exp().cpu().numpy()
    return images


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a card says of errors beyond the stated variance, fitted on validation data.

    sigma_scale : the factor that makes stated standard errors as large as real ones
    error_length : over how many output pixels, along a side, errors are alike
    """

    sigma_scale: float = 1.0
    error_length: float = 1.0


def calibrate(
    recipe: Recipe, members: Sequence[nn.Module], batches: Sequence[Tensors]
) -> Calibration:
    """Stated standard errors against real ones, pixel by pixel and in means over blocks.

    Members' variances count by the law of total variance, as the pipeline counts them. The
    mean over N pixels whose errors are alike over L each way errs by sigma L / sqrt(N).
    """
    block = min(BLOCK, recipe.data.patch * recipe.output.factor)
    squares = variances = blocks = kept = 0.0
    with torch.no_grad():
        for x, target, valid in batches:
            answers = [member(x) for member in members]
            means = torch.stack([answer.mean for answer in answers])
            variance = means.var(0, correction=0)
            if recipe.output.uncertainty != "none":
                told = torch.stack([answer.log_variance.exp() for answer in answers])
                variance = variance + told.mean(0)
            error = (means.mean(0) - target) * valid
            squares += float(error.square().sum())
            variances += float((variance * valid).sum())
            whole = functional.avg_pool2d(valid, block) == 1
            blocks += float(functional.avg_pool2d(error, block).square()[whole].sum())
            kept += float(functional.avg_pool2d(error.square(), block)[whole].sum())
    return Calibration(
        sigma_scale=math.sqrt(squares / variances) if variances else 1.0,
        error_length=max(1.0, block * math.sqrt(blocks / kept)) if kept else 1.0,
    )
