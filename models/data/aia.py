"""Real pairs of EUV pictures and magnetograms, from the archives: AIA and HMI, every 12 hours.

Knows: which series make a pair, that a rotation earlier the same places faced the Earth, and
that what is held out needs that much time to either side. Pictures are brought into the frame
of the far-side networks by the runtime's own resampling.
Refuses to know: formats and addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import numpy as np
from scipy.ndimage import gaussian_filter

from models.data import disks
from models.data.archives import nearest
from models.data.farside import RADIUS, SIDE, frame
from models.data.scene import SEMIDIAMETER, Field, Scene
from models.data.shards import Item
from models.data.split import HeldOut
from pipeline.archives import HMI, Fetcher, aia
from pipeline.core import BadFile, Disk, NothingObserved, SolarImage
from pipeline.enhance.frames import resample
from pipeline.enhance.polarity import leading_polarity
from pipeline.instruments import read
from pipeline.surface.uncertainty import SURROUNDINGS, grown

CHANNELS = (171, 193, 211, 304)  # Å
HALF_DAY = timedelta(hours=12)
APART = timedelta(minutes=13)  # of frames of one pair
ROTATION = timedelta(days=27)  # to a whole day, for archives are asked for whole hours
BUFFER = timedelta(days=28)  # no place is learnt within a rotation of when it is tested
ERROR = 5.0  # G: of a cell that is in view


def paired(fetcher: Fetcher, times: Sequence[datetime], held_out: HeldOut) -> list[Item]:
    """A disk at each of *times*; none for training within a rotation of what is held out."""
    return [
        Item(f"aia and hmi {time:%Y-%m-%dT%H:%MZ}", partial(_pair, fetcher, time))
        for time in apart(times, held_out)
    ]


def apart(times: Sequence[datetime], held_out: HeldOut) -> list[datetime]:
    """The *times* of months held out, and those farther than a rotation from any of them."""
    months = held_out.validation | held_out.test

    def held(time: datetime) -> bool:
        return bool(months & {f"{time:%Y-%m}", f"--{time:%m}"})

    def near(time: datetime) -> bool:
        days = range(-BUFFER.days, BUFFER.days + 1)
        return any(held(time + timedelta(days=n)) for n in days)

    return [time for time in times if held(time) or not near(time)]


def _pair(fetcher: Fetcher, time: datetime) -> list[Scene]:
    field = read(nearest(fetcher, HMI, time, APART).file)
    time, observer = field.observation.time, field.observation.observer
    disk = frame(observer)
    planes = {f"euv {c}": p for c, p in _pictures(fetcher, time, disk).items()}
    if not planes:
        raise NothingObserved(f"There is no EUV picture at {time:%Y-%m-%dT%H:%MZ}.")
    planes |= _rotation_before(fetcher, time, disk)
    y, x = np.mgrid[:SIDE, :SIDE]
    planes["leading"] = np.nan_to_num(leading_polarity(time, disk.sphere(x, y)[1]))
    scene = Scene(
        field=seen(field, disk),
        radius=disks.radius(disk, (SIDE, SIDE)),
        pixel=SEMIDIAMETER / RADIUS,
        region=f"disk-{time:%Y-%m}",
        time=time,
        planes=planes,
    )
    return [scene]


def _pictures(fetcher: Fetcher, time: datetime, disk: Disk) -> dict[int, Field]:
    """EUV pictures near *time* in the pixels of *disk*, by wavelength; what there is."""
    found = {}
    for channel in CHANNELS:
        try:
            picture = read(nearest(fetcher, aia(channel), time, APART).file)
        except (NothingObserved, BadFile):
            continue
        found[channel] = seen(picture, disk)
    return found


def _rotation_before(fetcher: Fetcher, time: datetime, disk: Disk) -> dict[str, Field]:
    """The pair of a rotation earlier, and what a map would have kept of it."""
    earlier = time - ROTATION
    try:
        field = read(nearest(fetcher, HMI, earlier, APART).file)
    except (NothingObserved, BadFile):
        return {}
    before = seen(field, disk)
    width = np.radians(SURROUNDINGS) * RADIUS / 2.355  # FWHM to standard deviation, px
    strong = gaussian_filter(np.abs(np.nan_to_num(before)), width)
    error = grown(ERROR**2 + (0.3 * strong) ** 2, strong, ROTATION.days)
    planes = {"before": before, "prior": before}
    planes["prior sigma"] = np.sqrt(error).astype(np.float32)
    pictures = _pictures(fetcher, earlier, disk)
    return planes | {f"reference {c}": picture for c, picture in pictures.items()}


def seen(image: SolarImage, disk: Disk) -> Field:
    """The picture in the pixels of *disk*, by places on the Sun; NaN where it shows none.

    Raises
    ------
    BadFile : it is no full disk.
    """
    source = image.geometry
    if not isinstance(source, Disk):
        raise BadFile(image.observation.file.path, "it is no full disk", "give AIA and HMI")
    values, known = resample(image.data, image.mask, source, disk, (SIDE, SIDE))
    inside = disks.radius(disk, (SIDE, SIDE)) < 1.0
    return np.where(known & inside, values, np.float32(np.nan))
