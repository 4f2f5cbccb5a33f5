"""A private PostgreSQL server, from the programs that Debian's package installs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, create_engine, text

DEBIAN = Path("/usr/lib/postgresql")
PASSWORD = "tell-nobody:/@"  # noqa: S105  and hard to write in a URL
OWNER = "allsun"


def programs() -> Path | None:
    """Where initdb and pg_ctl lie: the newest of Debian's versions, or on the path."""
    versions = sorted(DEBIAN.glob("[0-9]*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = versions[-1] if versions else shutil.which("initdb")
    return Path(found).parent if found else None


def why_not() -> str | None:
    """What keeps a server from being started here, if anything."""
    if programs() is None:
        return "PostgreSQL is absent: install the package postgresql"
    if os.geteuid() == 0 and subprocess.run(["id", "postgres"], capture_output=True).returncode:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return None


class Server:
    """A cluster of its own in *folder*, reached by a socket there and no network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        bin_ = programs()
        assert bin_ is not None
        self._bin = bin_
        password = folder / "password"
        password.write_text(PASSWORD)
        self._owned(password)
        self._run(
            "initdb",
            *("--pgdata", folder / "data", "--username", OWNER, "--pwfile", password),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync"),
        )

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off"
        self._control("start", "-w", "-l", self.folder / "log", "-o", options)

    def stop(self) -> None:
        self._control("stop", "-w", "-m", "immediate")

    def url(self, database: str = "postgres", password: str = PASSWORD) -> str:
        """The address of a *database*, as settings give it."""
        place = {"host": str(self.folder)}
        url = URL.create("postgresql+psycopg", OWNER, password, database=database, query=place)
        return url.render_as_string(hide_password=False)

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"ledger_{uuid4().hex}"
        engine = create_engine(self.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self.url(name)

    def _control(self, *arguments: object) -> None:
        self._run("pg_ctl", "--pgdata", self.folder / "data", *arguments)

    def _run(self, program: str, *arguments: object) -> None:
        subprocess.run(
            [self._bin / program, *map(str, arguments)],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            **_unprivileged(),
        )

    def _owned(self, path: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(path, "postgres", "postgres")


def _unprivileged() -> dict[str, object]:
    """As whom the programs run: they refuse to be root."""
    return (
        {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    )


@contextmanager
def running() -> Iterator[Server]:
    """A server that is there for a while, in a folder that its user can enter."""
    with tempfile.TemporaryDirectory(prefix="allsun-postgres-") as name:
        if os.geteuid() == 0:
            shutil.chown(name, "postgres", "postgres")
        server = Server(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop()
