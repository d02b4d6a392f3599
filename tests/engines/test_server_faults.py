"""What may go wrong between us and a server: one line, no secret, nothing published."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.engines.conftest import USER

PUBLISHED = "reports"
# Long enough for a query to be under way when the server is struck.
SLOW = "SELECT *, (SELECT 'x' FROM (SELECT pg_sleep(60)) AS wait) AS slow FROM raw_accounts"


def run(folder, tmp_path, **environment) -> subprocess.CompletedProcess:
    process = start(folder, tmp_path, **environment)
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def start(folder, tmp_path, **environment) -> subprocess.Popen:
    command = [
        str(Path(sys.executable).with_name("cx")),
        "report",
        "2026Q3",
        "--dataset",
        str(folder),
    ]
    return subprocess.Popen(
        [*command, "--out", str(tmp_path / PUBLISHED), "--only", "data_readiness"],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | environment,
    )  # fmt: skip


def assert_one_line(ended: subprocess.CompletedProcess, words: str, tmp_path, *secrets: str):
    assert ended.returncode == 2, ended.stderr
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1, ended.stderr
    assert words in lines[0]
    for secret in secrets:
        assert secret not in ended.stderr + ended.stdout
    assert not list((tmp_path / PUBLISHED).rglob("*.html"))


@pytest.fixture
def silent():
    """A server that accepts connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_wrong_password(server, dataset, tmp_path):
    folder = dataset(server.settings())
    ended = run(folder, tmp_path, PGPASSWORD="wrong-Pw-91")
    assert_one_line(ended, "refuses user and password", tmp_path, "wrong-Pw-91")


def test_no_password(server, dataset, tmp_path, monkeypatch):
    monkeypatch.delenv("PGPASSWORD", raising=False)
    ended = run(dataset(server.settings()), tmp_path)
    assert_one_line(ended, "refuses user and password", tmp_path)


def test_a_server_that_is_down(server, dataset, password, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ended = run(dataset(server.settings(port=str(port))), tmp_path)
    assert_one_line(ended, "cannot be reached", tmp_path, password)


def test_a_server_that_is_full(server, dataset, password, tmp_path):
    import psycopg

    admin = {"host": "127.0.0.1", "port": server.port, "user": "admin", "password": "admin"}
    limit = f"ALTER ROLE {USER} CONNECTION LIMIT "
    with psycopg.connect(**admin, dbname="postgres", autocommit=True) as line:
        line.execute(limit + "0")
        try:
            ended = run(dataset(server.settings()), tmp_path)
        finally:
            line.execute(limit + "-1")
    assert_one_line(ended, "takes no more connections", tmp_path, password)


def test_a_server_that_says_nothing(server, dataset, password, tmp_path, silent):
    ended = run(dataset(server.settings(port=str(silent))), tmp_path)
    assert_one_line(ended, "does not answer within 10 s", tmp_path, password)


def test_a_server_that_hangs_in_a_query(server, dataset, password, tmp_path):
    settings = server.settings(timeout_seconds=3)
    process = start(dataset(settings, accounts__sql=SLOW), tmp_path)
    out, err = process.communicate(timeout=120)
    ended = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    assert_one_line(ended, "has not answered for 3 s", tmp_path, password)


@pytest.mark.parametrize("blow", [signal.SIGSTOP, signal.SIGTERM])
def test_a_connection_lost_in_the_middle_of_a_query(server, dataset, password, tmp_path, blow):
    before = set(server.children)
    settings = server.settings(timeout_seconds=8)
    process = start(dataset(settings, accounts__sql=SLOW), tmp_path)
    struck = []

    def strike():
        for _ in range(300):
            time.sleep(0.1)
            if new := set(server.children) - before:
                time.sleep(2)
                for each in new & set(server.children):
                    os.kill(each, blow)
                    struck.append(each)
                return

    thread = threading.Thread(target=strike)
    thread.start()
    out, err = process.communicate(timeout=120)
    thread.join()
    assert struck
    for each in struck if blow == signal.SIGSTOP else ():
        os.kill(each, signal.SIGCONT)
    ended = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    words = "has not answered for 8 s" if blow == signal.SIGSTOP else "broken off the connection"
    assert_one_line(ended, words, tmp_path, password)


def test_a_connection_lost_while_rows_are_brought_over(server, dataset, password, tmp_path):
    # A function that waits in the middle of what is fetched, and not of what is judged.
    import psycopg

    process = start(dataset(server.settings()), tmp_path)
    admin = {"host": "127.0.0.1", "port": server.port, "user": "admin", "password": "admin"}
    with psycopg.connect(**admin, dbname="postgres", autocommit=True) as line:
        struck = []
        while not struck and process.poll() is None:
            struck = line.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'cx' AND query ILIKE 'FETCH%'"
            ).fetchall()
    out, err = process.communicate(timeout=120)
    if not struck:
        pytest.skip("the rows were over before the connection could be cut")
    ended = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    assert_one_line(ended, "broken off the connection", tmp_path, password)


def test_whoever_is_stopped_stops_the_query_as_well(server, dataset, password, tmp_path):
    import psycopg

    process = start(dataset(server.settings(), accounts__sql=SLOW), tmp_path)
    admin = {"host": "127.0.0.1", "port": server.port, "user": "admin", "password": "admin"}
    busy = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cx' "
        "AND state = 'active' AND query LIKE '%pg_sleep%'"
    )
    with psycopg.connect(**admin, dbname="postgres", autocommit=True) as line:
        for _ in range(300):
            if line.execute(busy).fetchone()[0]:
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 128 + signal.SIGTERM
        time.sleep(0.5)
        assert line.execute(busy).fetchone()[0] == 0


def test_a_password_in_the_settings_is_refused(server, dataset, tmp_path):
    folder = dataset(server.settings(password="in-a-file-7"))
    ended = run(folder, tmp_path)
    assert_one_line(ended, "must not stand in a file", tmp_path, "in-a-file-7")


def test_the_password_reaches_no_published_file(server, dataset, password, tmp_path):
    ended = run(dataset(server.settings()), tmp_path)
    assert ended.returncode == 0, ended.stderr
    files = [each for each in (tmp_path / PUBLISHED).rglob("*") if each.is_file()]
    assert any(each.suffix == ".html" for each in files)
    for file in files:
        assert password.encode() not in file.read_bytes(), file
    assert password not in ended.stdout + ended.stderr
