"""What pictures in EUV could add to a carried map, whatever network reads them.

    python ops/farside_ceiling.py DATASET

DATASET is a built ``simulated-farside-test`` (``allsun models dataset``). Beside the map and the
shipped network stand answers that know of the truth what no picture tells: the size of the field
to the pixel, the same as blurred as brightness is and as uncertain as the scatter of 304 Å makes
it, with the polarity of the map or the true one; and a map told of all that emerged since it last
saw a place. What these gain is the most that there is to gain. Two minutes.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from models import data
from models.data.farside import RADIUS
from models.data.scene import Scene
from models.evaluation import farside
from models.metrics import Moments, active, binned, flux_agreement
from pipeline.enhance import WEIGHTS, find
from pipeline.enhance.prepare import EDGE
from pipeline.simulator import euv

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]

DEGREE = np.radians(1.0) * RADIUS  # px in the middle of the disk
CHANNEL = euv.RELATIONS[304]  # of all relations that which tells most of the field at the feet
LEVELS = 0.5, 0.8, 0.94, 0.985, 0.997  # quantiles: strong field is rare
FEW = 30  # px
ROWS = "disk", "active", "unseen active", "known", "new"


def main(folder: str) -> None:
    """Print the tables."""
    engine = farside.open_cpu(find(WEIGHTS, "euv-to-mag"))
    groups: dict[str, list[Scene]] = defaultdict(list)
    for scene in data.stream(Path(folder), "test"):
        groups[farside.GROUPS[scene.region.split("-")[1][0]]].append(farside.doubted(scene))
    for kind, scenes in groups.items():
        told = farside.answers(engine, scenes, farside.TRIALS[0]).means
        answers = {"map": [s.planes["prior"] for s in scenes], "network": told}
        for number, scene in enumerate(scenes):
            for name, field in oracles(scene, np.random.default_rng(number)).items():
                answers.setdefault(name, []).append(field)
        answers |= ruled(scenes, answers["the same with its scatter"])
        places = [where(scene) for scene in scenes]
        flux = shares(scenes, places)
        print(f"\n{kind}: 8 x 8 correlation; of the flux of unseen active places {flux:.0%} is new")
        print(f"{'':46s}" + "".join(f"{row:>15s}" for row in ROWS))
        for name, fields in answers.items():
            cells = (f"{correlation(scenes, fields, places, row):15.3f}" for row in ROWS)
            print(f"{name:46s}" + "".join(cells))


def oracles(scene: Scene, rng: np.random.Generator) -> dict[str, Floats]:
    """What those answer who know part of the truth, by what they know; each (H, W), G."""
    truth, known = np.nan_to_num(scene.field), np.nan_to_num(scene.planes["prior"])
    size = np.abs(truth)
    seen = gaussian_filter(size, CHANNEL.near_width * DEGREE)
    told = seen * 10.0 ** (scatter(size, rng) / CHANNEL.near)
    fresh = where(scene)["new"]
    return {
        "map, true in new regions": np.where(fresh, truth, known),
        "|B| exact, polarity of the map": size * np.sign(known),
        "|B| as 304 Å blurs it, polarity of the map": seen * np.sign(known),
        "the same with its scatter": told * np.sign(known),
        "|B| as 304 Å blurs it, polarity true": seen * np.sign(truth),
        "the same with its scatter, polarity true": told * np.sign(truth),
    }


def ruled(scenes: Sequence[Scene], told: Sequence[Floats]) -> dict[str, list[Floats]]:
    """Straight lines from the map to the truth, one for all pixels that are alike: in what the
    map has there, in what 304 Å says (*told*), and in what both say of the surroundings, which
    tells of the scatter.

    Found on the Suns that it is tried on, no other rule that looks at a pixel so does better;
    found on the other Suns, it is what can be known.
    """
    disks = [scene.radius < EDGE for scene in scenes]
    ends = np.cumsum([int(disk.sum()) for disk in disks])

    def joined(images: Iterable[Floats]) -> Floats:
        return np.concatenate([np.nan_to_num(i[d]) for i, d in zip(images, disks, strict=True)])

    known, said = (joined(images) for images in ([s.planes["prior"] for s in scenes], told))
    width = euv.TEXTURE_LENGTH * DEGREE / 2.0
    near = (
        joined(gaussian_filter(np.abs(np.nan_to_num(i)), width) for i in images)
        for images in ([s.planes["prior"] for s in scenes], told)
    )
    kinds = np.zeros(known.size, int)
    for feature in (np.abs(known), np.abs(said), np.divide(*near)):
        edges = np.quantile(feature, LEVELS)
        kinds = kinds * (edges.size + 1) + np.searchsorted(edges, feature)
    truth = joined(s.field for s in scenes) * np.sign(known)
    whose = np.repeat([s.region for s in scenes], [int(disk.sum()) for disk in disks])
    found = {}
    for name, apart in (("found here", False), ("found on the other Suns", True)):
        answer = np.zeros(known.size)
        for sun in set(whose):
            here, fit = whose == sun, (whose != sun) | (not apart)
            rule = lines(np.abs(known[fit]), truth[fit], kinds[fit], kinds.max() + 1)
            intercept, slope = rule[:, kinds[here]]
            answer[here] = intercept * np.sign(known[here]) + slope * known[here]
        images = [np.zeros(disk.shape) for disk in disks]
        for image, disk, part in zip(images, disks, np.split(answer, ends[:-1]), strict=True):
            image[disk] = part
        found[f"best rule of map and 304 Å, {name}"] = images
    return found


def lines(x: Floats, y: Floats, kinds: NDArray[np.intp], count: int) -> Floats:
    """Intercept and slope of *y* on *x* for each kind, (2, count); y = x where few are alike."""
    n, sx, sy, sxx, sxy = (np.bincount(kinds, w, count) for w in (None, x, y, x * x, x * y))
    mean = np.maximum(n, 1)
    spread = sxx - sx * sx / mean
    enough = (n >= FEW) & (spread > 0.0)
    slope = np.divide(sxy - sx * sy / mean, spread, where=enough, out=np.ones(count))
    return np.stack([np.where(enough, (sy - slope * sx) / mean, 0.0), slope])


def scatter(size: Floats, rng: np.random.Generator) -> Floats:
    """The part of the brightness that the field does not explain, dex; as in simulator.euv."""
    # exp(-d²/4w²), which the filter's width w gives, is 1/e at the texture's length
    grain = gaussian_filter(rng.standard_normal(size.shape), euv.TEXTURE_LENGTH * DEGREE / 2.0)
    around = gaussian_filter(np.minimum(size, euv.SATURATION), euv.FAR_WIDTH * DEGREE)
    uneven = np.clip(1.0 + euv.GROWTH * euv.magnetisation(around), euv.LEAST, euv.MOST)
    return np.asarray(CHANNEL.scatter * uneven * grain / grain.std())


def where(scene: Scene) -> dict[str, Mask]:
    """The places that are judged apart; what of the unseen active ones the map knew and not."""
    truth, known = scene.field, scene.planes["prior"]
    disk = (scene.radius < EDGE) & np.isfinite(truth)
    busy = active(truth, farside.BLOCK) & disk
    hidden = busy & (scene.planes["age"] > 0)
    side = farside.BLOCK
    product, power = (
        np.kron(binned(np.nan_to_num(x), size=side), np.ones((side, side)))
        for x in (truth * known, truth * truth)
    )
    fresh = product < farside.FRESH * power
    places = {"disk": disk, "active": busy, "unseen active": hidden}
    return places | {"known": hidden & ~fresh, "new": hidden & fresh}


def shares(scenes: Sequence[Scene], places: Sequence[dict[str, Mask]]) -> float:
    """The part of the unsigned flux of unseen active places that the map did not know."""
    new, all_ = (
        sum(float(np.abs(s.field[p[row]]).sum()) for s, p in zip(scenes, places, strict=True))
        for row in ("new", "unseen active")
    )
    return new / all_


def correlation(
    scenes: Sequence[Scene], fields: Sequence[Floats], places: Sequence[dict[str, Mask]], row: str
) -> float:
    """Of bins: the mean over disks, as everywhere, or of all bins together where few are left."""
    kept = [n for n, p in enumerate(places) if p[row].sum() >= farside.FEWEST * farside.BLOCK**2]
    truths, masks = [scenes[n].field for n in kept], [places[n][row] for n in kept]
    mine = [fields[n] for n in kept]
    if row not in ("known", "new"):
        return flux_agreement(mine, truths, masks, farside.BIN).pixels
    both = (
        np.concatenate([binned(f, m, farside.BIN).ravel() for f, m in zip(fs, ms, strict=True)])
        for fs, ms in (
            (fields, [p[row] for p in places]),
            ([s.field for s in scenes], [p[row] for p in places]),
        )
    )
    return float(np.asarray(Moments.of(*both).correlation))


if __name__ == "__main__":
    main(*sys.argv[1:])
