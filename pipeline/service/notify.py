"""Telling systemd how it goes: sd_notify(3), a datagram to the socket it named.

Knows: the protocol. Refuses to know: when there is something to tell.
"""

from __future__ import annotations

import os
import socket


def tell(message: str) -> None:
    """Send *message*, such as ``READY=1``, if somebody listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        if address.startswith("@"):  # Linux's abstract namespace
            address = "\0" + address[1:]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notice:
            notice.connect(address)
            notice.sendall(message.encode())
