"""Published profiles, and how members differ from them."""

import numpy as np
import pytest

from pipeline.core.grid import R_SUN_CM
from pipeline.surface.flows import DAY, FLOWS, Flow, member

LAT = np.linspace(-89.0, 89.0, 179)
SIN, COS = np.sin(np.radians(LAT)), np.cos(np.radians(LAT))


def test_hipft_moves_as_published() -> None:
    """Upton et al. 2024: metres per second relative to the Carrington frame, and poleward."""
    flow = FLOWS["hipft"]
    east = COS * (46.0 - 262.0 * SIN**2 - 379.0 * SIN**4)
    north = COS * (22.0 * SIN + 11.0 * SIN**3 - 28.0 * SIN**5)
    np.testing.assert_allclose(flow.eastward(LAT), east, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(flow.northward(LAT), north, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "law"),
    [("howard", (2.894, -0.428, -0.370)), ("snodgrass", (2.851, -0.343, -0.474))],
)
def test_rotation_is_that_of_sunpy(name: str, law: tuple[float, float, float]) -> None:
    """Microradians per second, sidereal; the frame itself turns once in 25.38 days."""
    frame = 2.0 * np.pi / (25.38 * DAY)
    rate = 1e-6 * (law[0] + law[1] * SIN**2 + law[2] * SIN**4) - frame
    expected = rate * COS * R_SUN_CM / 100.0
    np.testing.assert_allclose(FLOWS[name].eastward(LAT), expected, rtol=1e-6, atol=1e-6)


def test_members_have_flows_of_their_own_that_never_change() -> None:
    flows = [member(Flow(), n) for n in range(200)]
    assert flows[0] == Flow()
    assert len(set(flows)) == 200
    assert flows == [member(Flow(), n) for n in range(200)]
    assert min(flow.diffusivity for flow in flows) > 0.0
    fast = np.array([flow.rotation[0] for flow in flows])
    assert fast.mean() == pytest.approx(Flow().rotation[0], abs=4 * fast.std() / 200**0.5)
