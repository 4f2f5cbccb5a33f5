"""What is judged: anything that turns a degraded field into an estimate and its error.

Knows how a network is given a bare field: a checkpoint of a training, or a folder with a
card and ONNX files. Refuses to know how the field was degraded, and how it is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.baselines import Baseline
from models.metrics.summed import Floats
from pipeline.core import BadRequest
from pipeline.enhance.card import Channel
from pipeline.enhance.registry import Network
from pipeline.enhance.runtime import Runtime
from pipeline.enhance.tiles import compute

__all__ = ["Method", "Predict", "of_baseline", "of_checkpoint", "of_network"]


class Predict(Protocol):
    """A denoiser or super-resolver."""

    def __call__(
        self, field: Floats, radius: Floats, noise: float, /
    ) -> tuple[Floats, Floats | None]:
        """Mean and, where it is told, standard deviation (f h, f w), gauss.

        field : (h, w), gauss, NaN where nothing is measured
        radius : (h, w), distance from the disk's centre in its radii
        noise : gauss, the standard deviation that the instrument states for a pixel; its
            correlation is not told
        """
        ...


@dataclass(frozen=True, slots=True)
class Method:
    """A column of the table; *remark* says how it was tuned, or why it cannot run."""

    name: str
    remark: str
    predict: Predict | None


def of_baseline(baseline: Baseline) -> Method:
    """A classical filter; gaps are filled with 0."""
    return Method(baseline.name, baseline.setting, baseline.apply and _filtered(baseline.apply))


def of_checkpoint(path: Path, name: str = "network") -> Method:
    """The network in a training's ``best.pt``, in float32 on this machine's processor.

    Raises
    ------
    BadFile : it is none.
    """
    import torch

    from models.checkpoints import trained

    recipe, net = trained(path)

    def predict(field: Floats, radius: Floats, noise: float, /) -> tuple[Floats, Floats | None]:
        x = tensor(recipe.inputs, field, radius, noise, net.stride)
        with torch.inference_mode():
            mean, log_variance = net(torch.from_numpy(x[None]))
        rows, columns = (slice(n * net.factor) for n in field.shape)
        cut = (0, 0, rows, columns)
        scale = np.float32(recipe.output.scale)
        if log_variance is None:
            return scale * mean.numpy()[cut], None
        return scale * mean.numpy()[cut], scale * np.exp(0.5 * log_variance.numpy()[cut])

    return Method(name, recipe.name, predict)


def of_network(network: Network) -> Method:
    """An installed network, as the pipeline runs it on this machine's processor in float32.

    Raises
    ------
    BadNetwork : its files are not what the card says, or its golden answer does not come out.
    """
    card, engine = network.card, Runtime(("cpu",)).open(network)

    def predict(field: Floats, radius: Floats, noise: float, /) -> tuple[Floats, Floats | None]:
        x = tensor(card.inputs, field, radius, noise, card.stride)
        measured = np.zeros(x.shape[1:], bool)
        measured[: field.shape[0], : field.shape[1]] = np.isfinite(field)
        mean, sigma = compute(x, measured, engine)
        rows, columns = (slice(n * card.output.factor) for n in field.shape)
        return mean[rows, columns], None if sigma is None else sigma[rows, columns]

    return Method(card.label, card.task, predict)


def tensor(
    channels: Sequence[Channel], field: Floats, radius: Floats, noise: float, stride: int
) -> NDArray[np.float32]:
    """The input x (C, H, W) of a network with these *channels*, filled up to its *stride*.

    Raises
    ------
    BadRequest : a channel is neither field, noise, radius nor mask.
    """
    known = np.isfinite(field)
    planes = {
        "field": field,
        "noise": np.full(field.shape, noise, np.float32),
        "radius": radius,
        "mask": known,
    }
    if strange := {channel.kind for channel in channels} - set(planes):
        raise BadRequest(
            f"A field alone gives no {', '.join(sorted(strange))}; judge it elsewhere."
        )
    more = [(0, -length % stride) for length in field.shape]
    return np.stack(
        [np.pad(_normal(channel, planes[channel.kind], known), more) for channel in channels]
    )


def _normal(channel: Channel, plane: NDArray[np.generic], known: NDArray[np.bool_]) -> Floats:
    """One plane as its channel wants it; 0 where nothing is measured."""
    values = np.asarray(plane, np.float32)
    if channel.kind == "mask":
        return values
    if channel.clip is not None:
        values = np.clip(values, *channel.clip)
    normal = (values - np.float32(channel.offset)) / np.float32(channel.scale)
    return np.where(known & np.isfinite(normal), normal, np.float32(0.0))


def _filtered(apply: Callable[[Floats], Floats]) -> Predict:
    def predict(field: Floats, radius: Floats, noise: float, /) -> tuple[Floats, None]:
        return apply(np.nan_to_num(field)), None

    return predict
