"""Real engines beside DuckDB: a PostgreSQL server of the test run's own, and a local Spark."""

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from cxlib.demo.dataset import make_demo, write_demo

USER, PASSWORD = "cx_reader", "pw-Zq7-never-shown"
TOML = 'name = "Demo"\ncurrency = "EUR"\n\n[source]\n'
RAW = "raw_"
# The demonstration's rows, and texts that engines would each read in a way of their own.
TEXTS = {
    "wait_seconds": [
        "1", " 2.5 ", "1e2", ".5", "5.", "+5", "1_000", "1,5", "0x10", "1d", "inf", "nan", "-1", "",
        "1e999", "abc", "0." + "0" * 400 + "1", "1e-999",
    ],
    "started_at": [
        "2026-01-05", "2026-1-5", "2026/1/5", "2026-01-05T10:00", "2026-01-05 10:00:00+02",
        "2026-01-05 10:00:00Z", "2026-01-05 10:00:00.125", "2026-02-30", "20260105", "infinity",
        "epoch", "05/01/2026", "2026-01-05 24:00:00", "2026", "2026-05", "now", "yesterday", "",
        "2026-01-05T10:00Z", "2026-01-05 10:00+02:00", "2026-12-31 23:59:59.9999999",
        "2026-01-05 10:00:60", "2026-01-05 10:61", "2026-01-05 10:00:00+19",
    ],
    "resolved": ["true", "T", "YES", "y", "1", "on", "false", "F", "No", "n", "0", "off", "2", ""],
}  # fmt: skip


@dataclass(frozen=True)
class Server:
    port: int
    process: subprocess.Popen

    def settings(self, **other: str) -> str:
        given = {"host": "127.0.0.1", "port": str(self.port), "database": "postgres"}
        given |= {"user": USER, "schema": "raw"} | other
        return 'engine = "postgres"\n' + "".join(
            f'{name} = "{value}"\n' if isinstance(value, str) else f"{name} = {value}\n"
            for name, value in given.items()
        )

    @property
    def children(self) -> list[int]:
        """The server's process for each of its connections, and its helpers."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(each) for each in text.split()]


@pytest.fixture(scope="session")
def raw_tables(tmp_path_factory) -> Path:
    """Raw tables as a company has them: `raw_accounts.parquet` and so on."""
    folder = tmp_path_factory.mktemp("raw")
    write_demo(folder / "demo", make_demo(accounts=60, interactions=900, quarters=5, seed=4))
    for file in (folder / "demo").glob("*.parquet"):
        file.rename(folder / f"{RAW}{file.name}")
    rows = [
        {"interaction_id": f"{column}-{n}", column: text}
        for column, texts in TEXTS.items()
        for n, text in enumerate(texts)
    ]
    values = ", ".join(
        "({interaction_id!r}, {started_at!r}, {wait_seconds!r}, {resolved!r})".format(
            **({"started_at": "2026-01-05", "wait_seconds": "1", "resolved": "1"} | row)
        )
        for row in rows
    )
    duckdb.sql(
        f"COPY (SELECT * FROM (VALUES {values}) "
        "AS texts(interaction_id, started_at, wait_seconds, resolved)) "
        f"TO '{folder / 'odd_texts.parquet'}'"
    )
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory, raw_tables) -> Server:
    """A PostgreSQL server with the raw tables, for a user who may only read them."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not programs and not shutil.which("postgres"):
        pytest.skip("needs PostgreSQL (Debian's package postgresql)")
    binaries = programs[-1].parent if programs else Path(shutil.which("postgres")).parent
    place = tmp_path_factory.mktemp("postgres")
    as_root = os.geteuid() == 0
    if as_root:  # the server refuses to run as root
        for folder in (place, *place.parents):
            if folder.stat().st_uid == 0 and folder != Path("/") and folder != Path("/tmp"):
                folder.chmod(0o755)
        shutil.chown(place, "postgres")
    user = {"user": "postgres"} if as_root else {}
    secret = place / "password"
    secret.write_text("admin")
    secret.chmod(0o644)
    data = place / "data"
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "admin", "-A", "scram-sha-256", "--no-sync",
         f"--pwfile={secret}"],
        check=True, capture_output=True, cwd=place, **user,
    )  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [binaries / "postgres", "-D", data, "-p", str(port), "-k", place,
         "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
        cwd=place, stderr=subprocess.DEVNULL, **user,
    )  # fmt: skip
    _fill(port, raw_tables)
    yield Server(port, process)
    process.send_signal(signal.SIGCONT)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)


def _fill(port: int, raw_tables: Path) -> None:
    import psycopg

    from cxlib.data.engines.postgres import Postgres

    connection = Postgres()
    for _ in range(100):
        try:
            connection.do_connect(
                host="127.0.0.1", port=port, user="admin", password="admin", database="postgres"
            )
            break
        except psycopg.OperationalError:
            time.sleep(0.1)
    connection.raw_sql("CREATE SCHEMA raw; SET search_path = raw").close()
    for file in raw_tables.glob("*.parquet"):
        connection.create_table(file.stem, duckdb.read_parquet(str(file)).to_arrow_table())
    connection.raw_sql(
        f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'; GRANT USAGE ON SCHEMA raw TO {USER}; "
        f"GRANT SELECT ON ALL TABLES IN SCHEMA raw TO {USER}"
    ).close()
    connection.disconnect()


@pytest.fixture(scope="session")
def spark_settings(raw_tables) -> str:
    """The settings of a local Spark that reads the raw tables' files."""
    pytest.importorskip("pyspark", reason="needs PySpark (pip install 'cxlib[spark]')")
    if not shutil.which("java"):
        pytest.skip("needs Java (Debian's package openjdk-17-jre-headless)")
    return f'engine = "spark"\nmaster = "local[2]"\nfolder = "{raw_tables}"\n'


@pytest.fixture(scope="session")
def duckdb_settings(raw_tables) -> str:
    """The settings of DuckDB over the same files."""
    return f'folder = "{raw_tables}"\n'


@pytest.fixture
def dataset(tmp_path):
    """Write a dataset's folder over the raw tables; engines differ in `dataset.toml` alone."""

    def make(settings: str, **files: str) -> Path:
        folder = tmp_path / f"dataset-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "dataset.toml").write_text(TOML + settings)
        queries = {
            f"{name}.sql": f"SELECT * FROM {RAW}{name}\n"
            for name in (
                "accounts", "customers", "interactions", "surveys", "revenue", "cycles", "events",
                "complaints", "followups",
            )
        }  # fmt: skip
        # A table that the warehouse does not have lies beside the settings.
        queries["targets.csv"] = "kpi,quarter,target\ncsat,2026Q1,4.2\n"
        queries["experience_map.csv"] = "persona,stage\nFinance,exposure\n"
        named = {name.replace("__", "."): text for name, text in files.items()}
        for name, text in (named or queries).items():
            (folder / name).write_text(text)
        return folder

    return make


@pytest.fixture
def password(monkeypatch) -> str:
    """The reader's password, in the environment."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    return PASSWORD
