"""What systemd hears."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pipeline.service import notify


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_it_on_the_socket_it_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool
) -> None:
    name = f"@allsun-{tmp_path.name}-{id(tmp_path)}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:] if abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notify.tell("READY=1")
        assert listener.recv(100) == b"READY=1"


def test_where_nobody_listens_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify.tell("READY=1")
