"""What several tests share: the demonstration data, small datasets, real data, the browser."""

import gc
import os
import re
import shutil
import warnings
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import nbformat
import pandas as pd
import pytest
from filelock import FileLock
from hypothesis import settings

from tests.commands import Commands, from_nothing

# Two test processes that each take every core for their sums wait for one another.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
# Commands that tests start would else compile all modules anew, each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Pseudonyms, and with them the order of rows, are the same in every test run.
os.environ["CX_PSEUDONYM_KEY"] = "the key of the tests"

# How long a thing takes is asked by `make bench`, not by a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
# Whether the longest tests run whole.
LONG = bool(os.environ.get("CX_LONG"))


def draws(whole: int, few: int) -> int:
    """How often a simulation draws: few times, or the whole where `CX_LONG=1` asks for it."""
    return whole if LONG else few


SOURCE = {
    # Three customers are fewer than are published otherwise.
    "dataset.toml": 'name = "Small"\n\n[privacy]\nsmallest_group = 1\n',
    "accounts.csv": "account_id,region,size\n001,EMEA,10\n002,APAC,20\n",
    "customers.csv": "customer_id,account_id,role\n1,001,user\n2,002,admin\n3,002,user\n",
    "interactions.csv": (
        "interaction_id,customer_id,started_at,channel,wait_seconds,resolved\n"
        "a,1,2026-01-05 09:00:00,phone,30,true\n"
        "b,2,2026-01-20 09:00:00,chat,5,false\n"
        "c,3,2026-02-03 09:00:00,phone,60,true\n"
    ),
    "surveys.csv": (
        "response_id,customer_id,interaction_id,sent_at,responded_at,metric,score\n"
        "r1,1,a,2026-01-06,2026-01-07,nps,10\n"
        "r2,2,b,2026-01-21,2026-01-22,nps,3\n"
        "r3,3,c,2026-02-04,,csat,\n"
    ),
    "revenue.csv": "account_id,booked_at,amount\n001,2026-01-01,100\n002,2026-02-01,250.5\n",
}


def pytest_unconfigure():
    COMMANDS.close()
    gc.unfreeze()


@pytest.fixture(scope="module", autouse=True)
def _libraries_stay():
    """What is imported by now is not looked through for garbage again, a tenth of the time."""
    with warnings.catch_warnings():
        # What a file before has left open is not this one's fault.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("shared") and not SHARED.is_dir():
            item.add_marker(pytest.mark.skip(reason=f"needs the real data in {SHARED}"))
        if item.get_closest_marker("browser") and not shutil.which("chromium"):
            item.add_marker(pytest.mark.skip(reason="needs Chromium (Debian's package chromium)"))


def write_dataset(folder: Path, **files: str | bytes | None) -> Path:
    """Write a small dataset; each argument replaces a file's text, or leaves the file out."""
    named = {name.replace("__", "."): text for name, text in files.items()}
    folder.mkdir(exist_ok=True)
    for name, text in (SOURCE | named).items():
        path = folder / name
        if text is None:
            path.unlink(missing_ok=True)
        elif isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def write(tmp_path):
    """Write a small dataset into the test's own folder."""
    return partial(write_dataset, tmp_path / "dataset")


COMMON = 'quarter = "2026Q1"  # q\ndataset = "d"  # d\nwhere = ""  # w\n'


def write_suite(folder: Path, parameters: str = COMMON, **cells: list[str]) -> Path:
    """Write a folder of tiny notebooks; each is a list of code cells after the parameters cell."""
    folder.mkdir(exist_ok=True)
    for name, sources in cells.items():
        notebook = nbformat.v4.new_notebook()
        head = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
        notebook.cells = [nbformat.v4.new_markdown_cell(f"# {name}\n\n**What?**"), head]
        notebook.cells += [nbformat.v4.new_code_cell(each) for each in sources]
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


@pytest.fixture
def suite(tmp_path):
    """Write tiny notebooks into the test's own folder."""
    return partial(write_suite, tmp_path / "suite")


@pytest.fixture(scope="session")
def demo():
    """The demonstration data with its planted truth."""
    from cxlib.demo.dataset import make_demo

    return make_demo()


@pytest.fixture(scope="session")
def data():
    """The committed demonstration dataset, as of its last quarter, with its real ids."""
    from cxlib.data import open_dataset

    return open_dataset(ROOT / "data" / "demo", "2026Q3", raw_ids=True)


@pytest.fixture(scope="session")
def published():
    """The same, as pages show it: with pseudonyms."""
    from cxlib.data import open_dataset

    return open_dataset(ROOT / "data" / "demo", "2026Q3")


COMMANDS = Commands()


def cx(
    *arguments: str, cwd: Path = ROOT, env: dict | None = None, forked: bool = True
) -> CompletedProcess:
    """Run the command line in a process of its own, from the project's folder."""
    run = COMMANDS.run if forked else from_nothing
    return run([str(each) for each in arguments], cwd, os.environ | (env or {}))


def ran(run):
    """The notebooks that a run executed."""
    assert run.returncode == 0, run.stdout + run.stderr
    return re.findall(r"^\[\d+/\d+\] (\w+),", run.stdout, re.MULTILINE)


@pytest.fixture(scope="session")
def report_once(tmp_path_factory):
    """Publish reports of a name once for all processes of a test run; gives their folder."""
    place = tmp_path_factory.getbasetemp()
    place = place.parent if "PYTEST_XDIST_WORKER" in os.environ else place

    def publish(name: str, *arguments) -> Path:
        out = place / f"report-{name}"
        with FileLock(place / f"report-{name}.lock"):
            if not out.is_dir():
                beside = out.with_name(f"{out.name}-unfinished")
                run = cx("report", *arguments, "--out", beside)
                assert run.returncode == 0, run.stdout + run.stderr
                beside.rename(out)
        return out

    return publish


@pytest.fixture(scope="session")
def demo_report(report_once):
    """The published folder of the demonstration quarter."""
    return report_once("demo", "2026Q3")


@pytest.fixture(scope="session")
def olist_report(report_once):
    """The published folder of the Olist example."""
    return report_once("olist", "2018Q2", "--dataset", "examples/olist")


PARTS = {"EMEA": 60, "North America": 45, "<b>O'Neil & Sons</b>": 35, "APAC": 5}


@pytest.fixture(scope="session")
def sliced(tmp_path_factory):
    """A dataset with accounts in three regions that are large enough to report, and one too small."""
    folder = tmp_path_factory.mktemp("sliced")
    regions = [region for region, count in PARTS.items() for _ in range(count)] + [None] * 3
    active = len(regions)
    regions += ["LATAM"] * 40  # of whom nobody has made contact
    numbers = range(len(regions))
    ids = [f"{number:03}" for number in numbers]
    days = pd.to_datetime("2026-01-01") + pd.to_timedelta([number % 80 for number in numbers], "D")
    tables = {
        "accounts": {"account_id": ids, "region": regions},
        "customers": {"customer_id": ids, "account_id": ids},
        "interactions": {"interaction_id": ids[:active], "customer_id": ids[:active],
                         "started_at": days[:active], "channel": "phone",
                         "wait_seconds": [n % 50 for n in numbers][:active]},
    }  # fmt: skip
    for name, columns in tables.items():
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv", index=False)
    (folder / "dataset.toml").write_text('name = "Sliced"\n')
    return folder


@pytest.fixture(scope="session")
def slices_report(sliced, report_once):
    """The pages of the first quarter of 2026 by region: readiness and drivers."""
    return report_once("slices", "2026Q1", "--dataset", sliced, "--by", "region",
                       "--only", "data_readiness,kpi_drivers")  # fmt: skip
