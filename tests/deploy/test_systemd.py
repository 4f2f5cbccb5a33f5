"""The unit is one that systemd accepts without a word, and it gives away little."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from command import ALLSUN

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
LARGEST_EXPOSURE = 20  # tenths; of an operator's requirement, 2.0

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is absent: install the package systemd",
)


@pytest.fixture(params=[(), ("gpu.conf",)], ids=["plain", "gpu"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The unit with the drop-ins named, set to start the command of this installation."""
    unit = tmp_path / "allsun.service"
    installed = (UNITS / unit.name).read_text().replace("/opt/allsun/bin/allsun", str(ALLSUN))
    unit.write_text(installed)
    drop_ins = tmp_path / f"{unit.name}.d"
    drop_ins.mkdir()
    for name in request.param:
        shutil.copy(UNITS / name, drop_ins)
    return unit


def analyze(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def complaints(unit: Path) -> list[str]:
    """What systemd says of this unit; units that it names may be missing here."""
    said = analyze("verify", "--man=no", unit)
    return [line for line in (said.stdout + said.stderr).splitlines() if "allsun" in line]


def test_systemd_has_nothing_to_say_against_it(unit: Path) -> None:
    assert complaints(unit) == []
    unit.write_text(unit.read_text().replace("\nRestart=", "\nRestrat="))
    assert complaints(unit), "a mistake goes unnoticed"


def test_exposure_is_low(unit: Path) -> None:
    judged = analyze("security", "--offline=true", f"--threshold={LARGEST_EXPOSURE}", unit)
    assert judged.returncode == 0, judged.stdout.splitlines()[-1]
    open_to_all = "\n".join(
        line
        for line in unit.read_text().splitlines()
        if not line.startswith(("Restrict", "Protect", "Private", "Capability"))
    )
    unit.write_text(open_to_all)
    assert analyze("security", "--offline=true", "--threshold=20", unit).returncode != 0
