"""The steps of the Containerfile, taken in a clean Debian, end in a daemon that works."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import containerfile
import pytest

from pipeline.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy" / "Containerfile"
SMALL = 1600  # MB; what a scientific Python with its libraries takes


def why_not() -> str | None:
    """What keeps the steps from being taken here, if anything."""
    if os.geteuid():
        return "only root can take the steps of a container"
    if shutil.which("debootstrap") is None:
        return "debootstrap is absent: install that package"
    return None


@pytest.fixture(scope="module")
def image() -> Iterator[containerfile.Stage]:
    if reason := why_not():
        pytest.skip(reason)
    steps = dict(containerfile.instructions(FILE))
    release = steps["ARG"] if "DEBIAN" in steps["ARG"] else "DEBIAN=bookworm-slim"
    suite = release.partition("=")[2].removesuffix("-slim")
    with tempfile.TemporaryDirectory(prefix="allsun-container-") as folder:
        base = Path(folder) / "debian"
        made = subprocess.run(
            ["debootstrap", "--variant=minbase", suite, base],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            pytest.skip(f"no clean Debian can be made here: {made.stdout.splitlines()[-1:]}")
        yield containerfile.build(FILE, ROOT, base, Path(folder))


def test_every_step_is_one_that_is_known_and_pins_its_versions() -> None:
    steps = containerfile.instructions(FILE)
    assert [word for word, _ in steps].count("FROM") == 2
    for word, text in steps:
        if word == "RUN" and "pip install" in text:
            assert "--constraint constraints.txt" in text
    assert dict(steps)["USER"] not in ("0", "root")
    assert int(dict(steps)["EXPOSE"]) == Settings().service.port


def test_all_that_an_image_asks_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["postgres"], *extras["tensorrt"]]
    pins = re.findall(r"^([^=\n]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    names = {re.sub(r"[-_.]+", "-", name).lower() for name in pins}
    wanted = (re.split(r"[\[<>=]", line)[0] for line in asked)
    assert [name for name in wanted if re.sub(r"[-_.]+", "-", name).lower() not in names] == []


def test_its_daemon_is_healthy_and_ends_when_told_to(image: containerfile.Stage) -> None:
    archive = image.tree / "srv" / "archive"
    archive.mkdir()
    with containerfile.mounted(image.tree):
        daemon = image.started(
            *image.entrypoint,
            *image.command,
            ALLSUN_ARCHIVES__MIRROR="/srv/archive",
        )
        try:
            for _ in range(300):
                check = image.started(*image.healthcheck)
                said = check.communicate()[0]
                if check.returncode == 0 or daemon.poll() is not None:
                    break
                time.sleep(1.0)
            assert daemon.poll() is None, daemon.communicate()[0][-4000:]
            assert check.returncode == 0, said
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(timeout=120) == 0
        finally:
            daemon.kill()
            daemon.communicate()


def test_it_holds_the_pinned_versions_and_is_small(image: containerfile.Stage) -> None:
    program = (
        "from importlib.metadata import distributions as d;"
        "print(*sorted(f'{x.name}=={x.version}' for x in d()))"
    )
    with containerfile.mounted(image.tree):
        listed = image.started("/opt/allsun/bin/python3", "-c", program).communicate()[0].split()
    size = subprocess.run(["du", "-smx", image.tree], capture_output=True, text=True, check=True)
    pins = {
        re.sub(r"[-_.]+", "-", line).lower()
        for line in (ROOT / "constraints.txt").read_text().split()
    }
    installed = {re.sub(r"[-_.]+", "-", each).lower() for each in listed}
    unpinned = {each for each in installed - pins if not each.startswith("allsun==")}
    assert {each.partition("==")[0] for each in unpinned} <= {"setuptools"}
    assert not any(each.startswith(("torch==", "pytest==", "pip==")) for each in installed)
    megabytes = int(size.stdout.split()[0])
    assert megabytes < SMALL, f"{megabytes} MB"
