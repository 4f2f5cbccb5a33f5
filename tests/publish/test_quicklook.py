"""What the picture shows where."""

from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
from numpy.typing import NDArray

from pipeline.core import Corona, FarSide, GlobalMap
from pipeline.publish.provenance import Provenance
from pipeline.publish.quicklook import write_quicklook


def drawn(
    path: Path, map_: GlobalMap, corona: Corona, farside: FarSide, provenance: Provenance
) -> NDArray[np.float32]:
    write_quicklook(path, map_, corona, farside, provenance)
    return np.asarray(matplotlib.image.imread(path))[..., :3]


def at(picture: NDArray[np.float32], lon: float, sine: float) -> NDArray[np.float32]:
    """Colour of the large map around a place."""
    height, width = picture.shape[:2]
    x = (0.05 + 0.85 * lon / 360) * width
    y = (1 - 0.395 - 0.535 * (sine + 1) / 2) * height
    return picture[int(y) - 3 : int(y) + 4, int(x) - 3 : int(x) + 4].mean(axis=(0, 1))


def test_a_field_of_each_sign_has_its_colour_at_its_place(
    tmp_path: Path, sky: GlobalMap, corona: Corona, farside: FarSide, provenance: Provenance
) -> None:
    br = np.zeros(sky.grid.shape, np.float32)
    br[20:22, 10:12] = 100.0
    br[8:10, 50:52] = -100.0
    nothing = replace(corona, open_field=np.zeros_like(corona.open_field), neutral_line=())
    picture = drawn(tmp_path / "q.png", replace(sky, br=br), nothing, farside, provenance)
    assert picture.shape == (1050, 1600, 3)
    red, _, blue = at(picture, 55.0, 21 / 18 - 1)
    assert red > blue + 0.3
    red, _, blue = at(picture, 255.0, 9 / 18 - 1)
    assert blue > red + 0.3
    np.testing.assert_allclose(at(picture, 100.0, 0.02), 0.97, atol=0.03)


def test_same_map_same_picture(
    tmp_path: Path, sky: GlobalMap, corona: Corona, farside: FarSide, provenance: Provenance
) -> None:
    for name in ("a.png", "b.png"):
        write_quicklook(tmp_path / name, sky, corona, farside, provenance)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_simulated_sun_is_marked_across_the_map(
    tmp_path: Path, sky: GlobalMap, corona: Corona, farside: FarSide, provenance: Provenance
) -> None:
    real = drawn(tmp_path / "real.png", sky, corona, farside, provenance)
    simulated = drawn(
        tmp_path / "sim.png", replace(sky, simulated=True), corona, farside, provenance
    )
    changed = (np.abs(real - simulated).max(axis=2) > 0.05)[100:640, 80:1440]
    assert changed.mean() > 0.05
    assert changed[:, :400].any()
    assert changed[:, -400:].any()


def test_every_odd_but_lawful_map_can_be_drawn(
    tmp_path: Path, bare: GlobalMap, corona: Corona, farside: FarSide, provenance: Provenance
) -> None:
    notes = tuple(f"Note number {i} is long enough to need more than one line." for i in range(9))
    never = replace(bare, age=np.full_like(bare.age, np.nan), notes=notes)
    closed = replace(corona, open_field=np.zeros_like(corona.open_field), neutral_line=())
    assert drawn(tmp_path / "q.png", never, closed, farside, provenance).shape == (1050, 1600, 3)


def test_far_side_regions_are_circled_where_they_are(
    tmp_path: Path, sky: GlobalMap, corona: Corona, farside: FarSide, provenance: Provenance
) -> None:
    nothing = replace(corona, open_field=np.zeros_like(corona.open_field), neutral_line=())
    empty = replace(farside, regions=())
    without = drawn(tmp_path / "a.png", sky, nothing, empty, provenance)
    circled = drawn(tmp_path / "b.png", sky, nothing, farside, provenance)
    changed = np.abs(circled - without).max(axis=2) > 0.1
    height, width = changed.shape
    for region in farside.regions:
        x = int((0.05 + 0.85 * region.lon / 360) * width)
        y = int((1 - 0.395 - 0.535 * (np.sin(np.radians(region.lat)) + 1) / 2) * height)
        assert changed[y - 24 : y + 25, x - 24 : x + 25].mean() > 0.03
        changed[y - 40 : y + 41, x - 40 : x + 60] = False  # circle and number
    assert not changed.any()
