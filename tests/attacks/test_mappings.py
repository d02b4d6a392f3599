"""Promise: a mapping reads its raw files and nothing else, and settings are read once."""

import subprocess
import sys
import time

import pytest

from cxlib.data import open_dataset
from cxlib.errors import CxError
from tests.conftest import cx

READS = [
    "SELECT content AS region FROM query('SELECT * FROM read_text(''{secret}'')')",
    "SELECT * FROM query_table('{secret}')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql("
    "'SELECT * FROM read_text(''{secret}'')'))",
    "SELECT * FROM (SUMMARIZE '{secret}')",
    "SELECT Delimiter AS region FROM sniff_csv('{secret}')",
    "SELECT file_name AS region FROM parquet_metadata('{secret}')",
    "SELECT * FROM query('FROM ''https://example.invalid/a.parquet''')",
    "SELECT * FROM query('FROM glob(''/etc/*'')')",
    "SELECT current_setting('threads') AS region FROM pragma_database_list() "
    "WHERE set_config('threads', 1) IS NOT NULL",
]


@pytest.mark.parametrize("query", READS)
def test_no_other_file_is_read_by_any_name(write, tmp_path, query):
    secret = tmp_path / "secret.csv"
    secret.write_text("region,account_id\nzq-secret,001\n")
    query = query.format(secret=secret)
    folder = write(
        accounts__csv=None, accounts__sql=f"SELECT '001' AS account_id, * FROM ({query})"
    )
    with pytest.raises(CxError) as caught:
        open_dataset(folder, raw_ids=True)
    assert "zq-secret" not in str(caught.value)
    for line in (query, f"SELECT * FROM ({query})"):
        run = cx("sql", line, "--dataset", folder)
        assert run.returncode == 2, run.stdout + run.stderr
        assert "zq-secret" not in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("engine", "call"),
    [("spark", "reflect('java.lang.System', 'getenv', 'PATH')"),
     ("spark", "java_method('java.util.UUID', 'randomUUID')"),
     ("postgres", "pg_read_file('/etc/passwd')"),
     ("postgres", "dblink('host=elsewhere', 'SELECT 1')")],
)  # fmt: skip
def test_no_server_is_asked_for_what_is_beyond_its_tables(write, engine, call):
    toml = f'name = "S"\n[source]\nengine = "{engine}"\n'
    folder = write(
        dataset__toml=toml, accounts__csv=None, accounts__sql=f"SELECT {call} AS account_id"
    )
    with pytest.raises(CxError, match="reaches beyond the tables"):
        open_dataset(folder)


def test_a_mapping_still_reads_its_own_files(write):
    folder = write(accounts__csv=None, accounts__sql="SELECT nr AS account_id, region FROM raw")
    (folder / "raw.csv").write_text("nr,region\n001,EMEA\n002,APAC\n")
    assert open_dataset(folder).tables["accounts"].count().execute() == 2


def test_settings_that_change_in_mid_run_change_no_page(write, suite, tmp_path):
    """A page is of the settings, the notebook and the passport that the run began with."""
    waiting = [
        "import time, pathlib\npathlib.Path(dataset, 'begun').touch()\ntime.sleep(4)",
        "from cxlib.data import open_dataset\ndata = open_dataset(dataset, quarter)",
        "print(f'currency={data.config.currency}, passport={data.passport}')",
    ]
    notebooks = suite(**{"01_first": waiting})
    folder = write(dataset__toml='name = "S"\ncurrency = "EUR"\n')
    started = time.monotonic()
    out = tmp_path / "out"
    arguments = ["report", "2026Q1", "--dataset", folder, "--notebooks", notebooks, "--out", out]
    run = subprocess.Popen(
        [sys.executable, "-c", "from cxlib.cli import main; main()", *map(str, arguments)],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (folder / "begun").exists() and time.monotonic() - started < 120:
        time.sleep(0.1)
    (folder / "dataset.toml").write_text('name = "S"\ncurrency = "USD"\n')
    (folder / "personas.json").write_text("{}")
    (notebooks / "01_first.ipynb").write_text("{}")
    _, said = run.communicate(timeout=120)
    assert run.returncode == 0, said
    page = (out / "2026Q1" / "first.html").read_text()
    assert "currency=EUR, passport=None" in page
