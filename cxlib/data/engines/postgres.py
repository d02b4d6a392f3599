"""PostgreSQL as a dataset's engine: its dialect, its waiting times, its errors."""

import os
import re
import socket
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import ibis
import psycopg
from ibis.backends.postgres import Backend
from ibis.backends.sql.compilers.postgres import PostgresCompiler
from ibis.common.exceptions import UnsupportedOperationError

from cxlib.data.config import Source, expand
from cxlib.data.engines.sql import identifier
from cxlib.data.privacy.masks import without_values
from cxlib.errors import DataError

CONNECT_SECONDS, CANCEL_SECONDS = 10, 2
# The server's words for that it was stopped in the midst of its work.
SHUT_DOWN = ("57P01", "57P02", "57P03")
FULL = "53300"
# The types that are read as they are, by PostgreSQL's numbers for them: flags, whole and other
# numbers, texts, dates and moments. All others, such as an ENUM or money, are read as texts.
PLAIN = frozenset({16, 20, 21, 23, 25, 700, 701, 1043, 1082, 1114, 1184, 1700})
# PostgreSQL 15 has no cast that gives null for what cannot be read.
TRY_CASTS = {
    "number": (
        "double precision",
        # Too large a number is infinite, as in the other engines; too small a one is zero.
        "WHEN numeric_value_out_of_range "
        "THEN RETURN CASE WHEN $1 ~ 'e-' OR ($1 ~ '^[+-]?0*[.]' AND $1 !~ 'e') THEN 0.0 "
        "ELSE 'infinity'::float8 END;",
    ),
    "time": ("timestamptz", "WHEN OTHERS THEN RETURN NULL;"),
}


class _Compiler(PostgresCompiler):
    """What Ibis's compiler for PostgreSQL lacks: casts that may fail, flags as numbers, SHA-256."""

    __slots__ = ()

    def visit_Cast(self, op, *, arg, to):
        if op.arg.dtype.is_boolean() and to.is_numeric():
            arg = self.cast(arg, ibis.dtype("int32"))
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_HexDigest(self, op, *, arg, how):
        if how != "sha256":
            raise UnsupportedOperationError(f"PostgreSQL: no {how} digest")
        return self.f.encode(self.f.sha256(self.f.convert_to(arg, "UTF8")), "hex")

    def visit_TryCast(self, op, *, arg, to):
        if op.arg.dtype.is_string() and to.is_floating():
            return self.f.anon["pg_temp.cx_number"](arg)
        if op.arg.dtype.is_string() and to.is_timestamp():
            return self.f.anon["pg_temp.cx_time"](arg)
        return self.visit_Cast(op, arg=arg, to=to)


class Postgres(Backend):
    """Ibis's PostgreSQL, with our compiler."""

    compiler = _Compiler()


def connect(source: Source, toml: Path) -> Postgres:
    """Connect to the server that `dataset.toml` names.

    The password comes from PGPASSWORD or ~/.pgpass, as with PostgreSQL's own programs, and so does
    whatever else the settings leave out.

    Raises:
        DataError: The server does not answer, or does not let us in.
    """
    given = {
        name: expand(value, toml)
        for name in ("host", "port", "database", "schema", "user")
        if (value := getattr(source, name))
    }
    if not given.get("port", "0").isdecimal():
        raise DataError(f"{toml}: source.port == {given['port']!r}, must be a number")
    connection = Postgres()
    with _explained(source, toml):
        connection.do_connect(
            host=given.get("host"),
            # libpq's own rule: the environment's port, or 5432.
            port=given.get("port"),
            user=given.get("user"),
            database=given.get("database"),
            connect_timeout=CONNECT_SECONDS,
            cursor_factory=_timed(psycopg.Cursor, source.timeout_seconds),
            # Where a role is read-only by default, temporary tables would be refused; a server on
            # which we have given up does not go on working for nobody.
            options="-c default_transaction_read_only=off -c client_min_messages=error "
            f"-c statement_timeout={1_000 * source.timeout_seconds:.0f}",
            application_name="cx",
        )
        connection.con.server_cursor_factory = _timed(psycopg.ServerCursor, source.timeout_seconds)
        # A dataset has no end of its own at which to close its connection.
        weakref.finalize(connection, connection.con.close)
        if "schema" in given:
            names = [identifier(each.strip()) for each in given["schema"].split(",")]
            query = "SELECT set_config('search_path', %s, false)"
            connection.con.execute(query, [", ".join(names)])
        for name, (kind, otherwise) in TRY_CASTS.items():
            connection.con.execute(
                f"CREATE FUNCTION pg_temp.cx_{name}(text) RETURNS {kind} LANGUAGE plpgsql AS "
                f"$$ BEGIN RETURN $1::{kind}; EXCEPTION {otherwise} END $$"
            )
    return connection


def plain_columns(connection: Postgres, query: str) -> str:
    """A query's columns as a SELECT list: those of types that Ibis does not know as texts."""
    with connection.con.cursor() as cursor:
        cursor.execute(f"SELECT * FROM (\n{query}\n) AS source LIMIT 0")
        columns = [(each.name, each.type_code) for each in cursor.description]
    return ", ".join(
        f"source.{identifier(name)}" + ("" if kind in PLAIN else f"::text AS {identifier(name)}")
        for name, kind in columns
    )


@contextmanager
def _explained(source: Source, toml: Path) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise DataError(explain(error, source, toml)) from None


def explain(error: Exception, source: Source, path: Path) -> str:
    """One line from PostgreSQL's or its driver's error; empty if it is none of theirs."""
    if not isinstance(error, (psycopg.Error, _NoAnswer)):
        return ""
    where = f"{path}: PostgreSQL"
    text = str(error)
    if _given_up(error):
        return (
            f"{where} has not answered for {source.timeout_seconds:g} s; try again later, or raise "
            "source.timeout_seconds"
        )
    if isinstance(error, psycopg.errors.ConnectionTimeout) or "timeout expired" in text:
        return f"{where} does not answer within {CONNECT_SECONDS} s; is source.host right?"
    state = getattr(error, "sqlstate", None)
    # Only who connects is refused so; a query's values may speak of passwords as well.
    entering = state is None and isinstance(error, psycopg.OperationalError)
    if (state or "").startswith("28") or (
        entering and re.search("password|authentication|no pg_hba", text)
    ):
        return (
            f"{where} refuses user and password; set source.user, and PGPASSWORD in the environment"
        )
    if state == FULL or (entering and re.search("too many|connection slots", text)):
        return (
            f"{where} takes no more connections; try again later, or raise max_connections or the "
            "role's CONNECTION LIMIT"
        )
    if isinstance(error, psycopg.OperationalError) and state in (None, *SHUT_DOWN):
        if re.search("refused|resolve|translate host|No such file|unreachable", text):
            return f"{where} cannot be reached at source.host and source.port; is it running?"
        return f"{where} has broken off the connection; nothing was published; try again"
    line = _without_secret(_gist(error))
    return f"{where}: {without_values(line) if isinstance(error, psycopg.DataError) else line}"


def _gist(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _without_secret(text: str) -> str:
    secret = os.environ.get("PGPASSWORD")
    return text.replace(secret, "•••") if secret else text


def _given_up(error: BaseException | None) -> bool:
    # Undoing what was under way fails as well, and that error then hides the first.
    late = (_NoAnswer, psycopg.errors.QueryCanceled)
    return error is not None and (isinstance(error, late) or _given_up(error.__context__))


class _NoAnswer(Exception):
    """The server took a question, and has not answered it in time."""


def _timed(kind: type, seconds: float) -> type:
    """A cursor that waits for an answer only so long.

    A server that hangs still keeps its connection alive, so that neither the driver nor the
    network ever gives up on it.
    """

    class Timed(kind):
        def execute(self, *args, **options):
            with _deadline(self.connection, seconds):
                return super().execute(*args, **options)

        def fetchmany(self, *args, **options):
            with _deadline(self.connection, seconds):
                return super().fetchmany(*args, **options)

    return Timed


@contextmanager
def _deadline(connection, seconds: float) -> Iterator[None]:
    late = threading.Event()

    def hang_up() -> None:
        late.set()
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    except psycopg.OperationalError:
        if late.is_set():
            raise _NoAnswer from None
        raise
    except Exception:
        raise
    except BaseException:
        # Whoever is stopped stops the server's work as well.
        with suppress(psycopg.Error):
            connection.cancel_safe(timeout=CANCEL_SECONDS)
        raise
    finally:
        timer.cancel()
