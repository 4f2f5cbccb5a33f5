"""From observations to the scenes and batches that networks learn from.

A :class:`Scene` is a truth with its circumstances; a data set is a recipe that
makes scenes, and a folder of shards once it was followed. Where do I find …
    the noun itself?                                ``scene``
    what is held out, and what a leak is?           ``split``
    noise and a telescope, added on the fly?        ``degrade``
    batches for a step of the training?             ``patches``
    the few sharp patches at hand?                  ``sharp``

Refuses to know: torch, networks, losses.
"""

from models.data.patches import Batch, Denoising, Noise2Noise, SuperResolution, sampler
from models.data.scene import Scene
from models.data.split import DISKS, SHARPS, HeldOut, LeakError, split

__all__ = [
    "DISKS",
    "SHARPS",
    "Batch",
    "Denoising",
    "HeldOut",
    "LeakError",
    "Noise2Noise",
    "Scene",
    "SuperResolution",
    "sampler",
    "split",
]
