"""What was fetched, and what was refused: the archives' memory between polls and restarts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import URL, DateTime, Dialect, Engine, create_engine, delete, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.types import TypeDecorator

from pipeline.archives.telemetry import LEDGER_DAMAGED
from pipeline.core import BadRequest, CannotWrite

# A server that went away is noticed within a minute, not when the kernel gives up after a quarter
# of an hour: seconds, seconds, milliseconds (PostgreSQL, libpq, "Parameter Key Words").
POSTGRESQL = {"connect_timeout": "10", "keepalives_idle": "30", "tcp_user_timeout": "60000"}

# Of two threads that find the file damaged, only one sets it aside.
_opening = threading.Lock()


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC times in Python, naive UTC in the database (SQLite keeps no zone)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class Row(DeclarativeBase):
    """Base of the ledger's tables."""

    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012  SQLAlchemy reads it from the class


class File(Row):
    """A content of a URL that was fetched whole; replaced content is another row.

    slot : UTC that its name stands for
    path : below the cache folder
    changed : what the directory page said of the file when it was fetched
    """

    __tablename__ = "files"

    url: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    archive: Mapped[str] = mapped_column(index=True)
    slot: Mapped[datetime] = mapped_column(index=True)
    size: Mapped[int]
    path: Mapped[str]
    changed: Mapped[str]
    modified: Mapped[datetime | None]
    etag: Mapped[str | None]
    fetched_at: Mapped[datetime]


class Failure(Row):
    """A URL whose content was no whole file. It stays on record after it came right.

    quarantined : where the last bad copy lies, below the cache folder
    retry_at : when a poll may ask for it again
    resolved_at : when it came whole after all
    """

    __tablename__ = "failures"

    url: Mapped[str] = mapped_column(primary_key=True)
    archive: Mapped[str]
    slot: Mapped[datetime]
    reason: Mapped[str]
    quarantined: Mapped[str]
    attempts: Mapped[int]
    failed_at: Mapped[datetime]
    retry_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class Ledger:
    """Tables of files and failures in the database *url* (any that SQLAlchemy speaks).

    notice : a sentence for the operator if a damaged SQLite file had to be set aside

    Raises
    ------
    CannotWrite : the database cannot be opened or written.
    BadRequest : *url* names no database that is known here.
    """

    def __init__(self, url: str) -> None:
        self.notice: str | None = None
        self._url, self._engine = _engine(url)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)
        with _opening:
            try:
                self._open()
            except Damaged as error:
                self.notice = _set_aside(Path(str(self._url.database)), str(error))
                LEDGER_DAMAGED.inc()
                self._open()

    def current(self, url: str) -> File | None:
        """The content of *url* that was fetched last."""
        query = select(File).where(File.url == url).order_by(File.fetched_at.desc()).limit(1)
        with self._session() as session:
            return session.scalar(query)

    def owner(self, path: str) -> File | None:
        """The content that lies at *path* below the cache folder."""
        query = select(File).where(File.path == path).order_by(File.fetched_at.desc()).limit(1)
        with self._session() as session:
            return session.scalar(query)

    def known(self, archive: str, start: datetime, end: datetime) -> tuple[File, ...]:
        """What was fetched from *archive* for times in [start, end], newest first."""
        query = select(File).where(File.archive == archive, File.slot.between(start, end))
        with self._session() as session:
            return tuple(session.scalars(query.order_by(File.slot.desc(), File.fetched_at.desc())))

    def add(self, file: File) -> None:
        """Enter a file, and note that its URL came right if it had failed."""

        def enter(session: Session) -> None:
            session.merge(file)
            failure = session.get(Failure, file.url)
            if failure is not None and failure.resolved_at is None:
                failure.resolved_at = file.fetched_at

        self._enter(enter)

    def failure(self, url: str) -> Failure | None:
        """The unresolved failure of *url*, if any."""
        with self._session() as session:
            failure = session.get(Failure, url)
        return failure if failure is not None and failure.resolved_at is None else None

    def failures(self) -> tuple[Failure, ...]:
        """All unresolved failures, newest first."""
        query = select(Failure).where(Failure.resolved_at.is_(None))
        with self._session() as session:
            return tuple(session.scalars(query.order_by(Failure.failed_at.desc())))

    def fail(
        self, url: str, archive: str, slot: datetime, reason: str, quarantined: str, now: datetime
    ) -> None:
        """Enter a failure. The next poll may retry; from then on the waits double, up to a day."""
        earlier = self.failure(url)
        attempts = earlier.attempts + 1 if earlier else 1
        wait = timedelta(hours=min(24, 2 ** min(attempts - 1, 5) - 1))
        failure = Failure(
            url=url,
            archive=archive,
            slot=slot,
            reason=reason,
            quarantined=quarantined,
            attempts=attempts,
            failed_at=now,
            retry_at=now + wait,
            resolved_at=None,
        )
        self._enter(lambda session: session.merge(failure))

    def prune(self, before: datetime) -> int:
        """Forget what was fetched, or failed last, before that; how many rows went.

        Of files that still lie in the cache the rows are needed: those go first.
        """
        old = (delete(File).where(File.fetched_at < before),
               delete(Failure).where(Failure.failed_at < before))  # fmt: skip
        with self._refusing(), self._engine.begin() as connection:
            return sum(connection.execute(statement).rowcount for statement in old)

    def close(self) -> None:
        self._engine.dispose()

    def _open(self) -> None:
        try:
            with self._engine.connect() as connection:
                if self._engine.dialect.name == "sqlite":
                    verdict = connection.scalar(text("PRAGMA quick_check"))
                    if verdict != "ok":
                        raise Damaged(str(verdict))
            self._create_tables()
        except DBAPIError as error:
            self._engine.dispose()
            # SQLite tells a file that is no database, or damaged, by the bare class.
            if self._engine.dialect.name == "sqlite" and type(error) is DatabaseError:
                raise Damaged(str(error.orig)) from error
            raise self._refusal(error) from error
        except Damaged:
            self._engine.dispose()
            raise

    def _create_tables(self) -> None:
        try:
            Row.metadata.create_all(self._engine)
        except DBAPIError:  # another process created them between the look and the deed
            Row.metadata.create_all(self._engine)

    def _enter(self, change: Callable[[Session], object]) -> None:
        """Make a *change* of one row, anew if another process entered that row meanwhile."""
        with self._refusing():
            try:
                with self._sessions.begin() as session:
                    change(session)
            except IntegrityError:
                with self._sessions.begin() as session:
                    change(session)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with self._refusing(), self._sessions.begin() as session:
            yield session

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: DBAPIError) -> CannotWrite:
        if self._engine.dialect.name == "sqlite":
            where, remedy = str(self._url.database), "its folder, permissions and free space"
        else:
            where, remedy = _without_secrets(self._url), "that the server runs and lets it write"
        reason = " ".join(str(error.orig).split())
        return CannotWrite(f"{where}: the ledger cannot be used ({reason}); check {remedy}.")


class Damaged(Exception):
    """The file is no database, or one with damage."""


def _engine(url: str) -> tuple[URL, Engine]:
    """The database that *url* names, not yet asked for anything."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "postgresql":
            return parsed, create_engine(parsed)
        patience = {key: text for key, text in POSTGRESQL.items() if key not in parsed.query}
        # A connection that the server closed meanwhile is replaced before it is used.
        return parsed, create_engine(parsed, connect_args=patience, pool_pre_ping=True)
    except ValueError:  # its words may hold a piece of the password
        reason = "its URL cannot be read: in a password, write @ as %40, / as %2F and : as %3A"
    except (ArgumentError, ImportError) as error:
        reason = str(error)
    raise BadRequest(
        f"The database of the ledger cannot be used ({reason}); install its driver (for "
        "PostgreSQL: pip install 'allsun[postgres]'), or give archives.ledger a URL like "
        "sqlite:////var/lib/allsun/ledger.sqlite."
    )


def _without_secrets(url: URL) -> str:
    """What may be told of where a database is."""
    return url.set(query={}).render_as_string(hide_password=True)


def _set_aside(file: Path, problem: str) -> str:
    aside = file.with_name(f"{file.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    file.rename(aside)
    # A journal left beside it would be played into the new database.
    for suffix in ("-journal", "-wal", "-shm"):
        beside = file.with_name(file.name + suffix)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + suffix))
    return (
        f"{file}: the ledger was damaged ({problem}) and is kept as {aside.name}; "
        "a new one was begun, and files are fetched again as they are needed."
    )
