"""Architectures: torch modules that a recipe names.

Knows structure. Refuses to know data, losses and training.

A new one is a trunk, as :class:`heads.Network` describes, in a module of its own and a line
in :data:`TRUNKS`; the keys of a recipe's ``[network]`` are its keyword arguments.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from models.nets.enhance_net import EnhanceNet
from models.nets.folded import FoldedUNet
from models.nets.hale import HaleUNet
from models.nets.heads import Estimate, Network
from models.nets.munoz_jaramillo import MunozJaramillo
from models.nets.subpixel import SubPixel
from models.nets.unet import UNet
from models.recipe import Recipe
from pipeline.core import BadRequest

__all__ = ["TRUNKS", "Estimate", "Network", "build"]

TRUNKS: dict[str, Callable[..., nn.Module]] = {
    "enhance_net": EnhanceNet,
    "folded-unet": FoldedUNet,
    "hale-unet": HaleUNet,
    "munoz_jaramillo": MunozJaramillo,
    "subpixel": SubPixel,
    "unet": UNet,
}


def build(recipe: Recipe) -> Network:
    """The untrained network of a recipe; torch's random state decides its first weights.

    Raises
    ------
    BadRequest : no such architecture, or it has no such option.
    """
    asked, output = recipe.network, recipe.output
    if asked.kind not in TRUNKS:
        raise BadRequest(
            f"Recipe {recipe.name} asks for the architecture {asked.kind!r}; "
            f"known are {', '.join(sorted(TRUNKS))}."
        )
    outputs = 1 if output.uncertainty == "none" else 2
    try:
        trunk = TRUNKS[asked.kind](len(recipe.inputs), outputs, output.factor, **asked.options)
    except TypeError as error:
        raise BadRequest(
            f"Recipe {recipe.name} asks for a {asked.kind} that cannot be ({error}); "
            "correct its [network]."
        ) from None
    return Network(trunk, asked.base * recipe.inputs[0].scale / output.scale)
