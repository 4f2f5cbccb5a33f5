"""A Containerfile taken step by step in trees of Debian, for want of a container engine.

Knows the instructions that ours uses, and refuses others. A stage is a folder; RUN is a shell
in it (chroot), with /proc. What an engine adds (namespaces, layers, a read-only root) is not
imitated.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CA = Path("/etc/ssl/certs/ca-certificates.crt")  # behind a proxy that has its own


@dataclass
class Stage:
    """One stage, as far as it is built."""

    tree: Path
    name: str
    environment: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    user: str = "0"
    folder: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    def started(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """*command* as the stage's user, in its folder and environment."""
        # Found before the environment, and with it the path, is that of the stage.
        chroot = shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin") or "chroot"
        where = [chroot, f"--userspec={self.user}:{self.user}", str(self.tree)]
        enter = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', self.folder]
        return subprocess.Popen(
            [*where, *enter, *command],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def instructions(file: Path) -> list[tuple[str, str]]:
    """Instruction and its text, lines joined, comments gone."""
    lines = [line for line in file.read_text().splitlines() if not re.match(r"\s*(#|$)", line)]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(word, text.strip()) for word, _, text in (line.partition(" ") for line in joined)]


def build(file: Path, context: Path, base: Path, work: Path) -> Stage:
    """The last stage of *file*, each begun from a copy of the tree *base*, below *work*."""
    stages: dict[str, Stage] = {}
    stage = Stage(base, "")
    general: dict[str, str] = {}
    for word, raw in instructions(file):
        text = _filled(raw, general | stage.arguments | stage.environment)
        if word == "FROM":
            image, _, name = text.partition(" AS ")
            assert image.startswith("docker.io/library/debian:"), image
            name = name or "last"
            subprocess.run(["cp", "--archive", "--reflink=auto", base, work / name], check=True)
            stage = stages[name] = Stage(work / name, name)
        elif word == "ARG":
            key, _, value = text.partition("=")
            (stage.arguments if stages else general)[key] = value
        else:
            _take(word, text, stage, stages, context)
    return stage


def _take(word: str, text: str, stage: Stage, stages: Mapping[str, Stage], context: Path) -> None:
    match word:
        case "RUN":
            _run(stage, text)
        case "COPY":
            _copy(text, stage, stages, context)
        case "ENV":
            key, _, value = text.partition("=")
            stage.environment[key] = value
        case "USER":
            stage.user = text
        case "WORKDIR":
            stage.folder = text
            _inside(stage, text).mkdir(parents=True, exist_ok=True)
        case "ENTRYPOINT":
            stage.entrypoint = json.loads(text)
        case "CMD":
            stage.command = json.loads(text)
        case "HEALTHCHECK":
            stage.healthcheck = json.loads(text.partition("CMD ")[2])
        case "EXPOSE":
            stage.ports.append(int(text))
        case "VOLUME" | "STOPSIGNAL":
            pass
        case _:
            raise AssertionError(f"{word} is not known here")


def _run(stage: Stage, text: str) -> None:
    # As behind any proxy, pip and apt see the network as this machine does.
    proxy = {k: v for k, v in os.environ.items() if re.search("^PIP_(?!FIND)|_proxy$", k, re.I)}
    with mounted(stage.tree):
        process = stage.started("/bin/sh", "-ec", text, **proxy, DEBIAN_FRONTEND="noninteractive")
        said = process.communicate()[0]
    assert process.returncode == 0, f"RUN {text}\n{said[-4000:]}"


def _copy(text: str, stage: Stage, stages: Mapping[str, Stage], context: Path) -> None:
    *options, target = shlex.split(text)
    root = context
    if options[0].startswith("--from="):
        root = stages[options.pop(0).removeprefix("--from=")].tree
    else:
        allowed = {
            line.removeprefix("!").strip()
            for line in (context / "deploy" / "Containerfile.dockerignore").read_text().splitlines()
            if line.startswith("!")
        }
        assert set(options) <= allowed, "the ignore file keeps it out"
    place = _inside(stage, target)
    for option in options:
        source = root / option.lstrip("/")
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__") if root == context else None
            shutil.copytree(source, place, symlinks=True, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copy2(source, place / source.name if target.endswith("/") else place)


def _inside(stage: Stage, path: str) -> Path:
    return stage.tree / os.path.normpath(os.path.join(stage.folder, path)).lstrip("/")


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}|\$(\w+)", lambda m: values.get(m[1] or m[2], m[0]), text)


@contextmanager
def mounted(tree: Path) -> Iterator[None]:
    """The tree with a /proc and the network's names and certificates of this machine."""
    proc = tree / "proc"
    subprocess.run(["mount", "-t", "proc", "proc", proc], check=True)
    shutil.copy("/etc/resolv.conf", tree / "etc" / "resolv.conf")
    if CA.exists():
        (tree / CA.parent.relative_to("/")).mkdir(parents=True, exist_ok=True)
        shutil.copy(CA, tree / CA.relative_to("/"))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", proc], check=True)
