"""From observations to the scenes and batches that networks learn from.

A :class:`Scene` is a truth with its circumstances; a data set is a recipe that makes
scenes, and a folder of shards once it was followed. Where do I find …
    the noun itself?                                 ``scene``
    what is held out, and what a leak is?            ``split``
    batches for a step of the training?              ``patches``
    noise and a telescope, added on the fly?         ``degrade``
    the data sets by name?                           ``datasets``
    how they lie on disk?                            ``shards``
    real pairs of any period, from the archives?     ``archives``
        … a series against its own stack?            ``stacks``
        … two instruments on one disk?               ``pairs``, ``resample``
    the sharp patches and the frames at hand?        ``sharp``, ``disks``
        … as another camera would report them?       ``forward``
    the simulated Sun?                               ``simulated``
    far sides, from simulated Suns and AIA?          ``farside``, ``aia``
        … and what a network is given of them?       ``imager``

Refuses to know: torch, networks, losses.
"""

from models.data.datasets import DATASETS, build
from models.data.patches import Batch, Denoising, Noise2Noise, SuperResolution, sampler
from models.data.scene import Scene
from models.data.shards import Index, some, stream
from models.data.split import DISKS, SEASONS, SHARPS, HeldOut, LeakError, split

__all__ = [
    "DATASETS",
    "DISKS",
    "SEASONS",
    "SHARPS",
    "Batch",
    "Denoising",
    "HeldOut",
    "Index",
    "LeakError",
    "Noise2Noise",
    "Scene",
    "SuperResolution",
    "build",
    "sampler",
    "some",
    "split",
    "stream",
]
