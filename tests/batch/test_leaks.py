"""A dataset in which every personal value is a marker: no published file may hold one."""

import base64
import re

import pandas as pd
import pytest

from cxlib.batch.real_ids import NOTICE
from cxlib.demo.dataset import make_demo, write_demo
from tests.conftest import cx

MARKER = re.compile(rb"zq[a-z]{2}\d{5}|zqac%|49151000\d{5}", re.IGNORECASE)
IDS = {"account_id": "ZQAC", "customer_id": "ZQCU", "interaction_id": "ZQIN", "response_id": "ZQRE"}


NUMBER = 4_915_100_000_000  # begins the callers' numbers


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """A demonstration in which ids, names, texts and faulty values are markers."""
    folder = tmp_path_factory.mktemp("marked")
    write_demo(folder, make_demo(accounts=250, interactions=6_000, quarters=9, seed=5))
    tables = {path.stem: pd.read_parquet(path) for path in folder.glob("*.parquet")}
    for column, mark in IDS.items():
        ids = pd.concat([each[column] for each in tables.values() if column in each]).dropna()
        names = {each: f"{mark}{n:05}" for n, each in enumerate(ids.unique())}
        for each in tables.values():
            if column in each:
                each[column] = each[column].map(names)
    for table, column, mark in [
        ("accounts", "name", "ZQNA"), ("accounts", "account_manager", "ZQMA"),
        ("interactions", "agent_id", "ZQAG"), ("surveys", "verbatim", "ZQVE"),
    ]:  # fmt: skip
        tables[table][column] = [f"{mark}{n:05}" for n in range(len(tables[table]))]
    # Two slices tell as much as three, sooner.
    tables["accounts"]["region"] = tables["accounts"].region.replace("APAC", "AMER")
    contacts = tables["interactions"]
    contacts["note"] = [f"write to zqem{n:05}@mail.example today" for n in range(len(contacts))]
    contacts["caller"] = [NUMBER + n for n in range(len(contacts))]
    cycles = tables["cycles"]
    scopes = ["account_id LIKE 'ZQAC%'", "account_id = 'ZQAC00007'", "account_id is ZQAC00007"]
    cycles["scope"] = [scopes[n] if n < len(scopes) else None for n in range(len(cycles))]
    cycles["control_scope"] = None
    contacts["wait_seconds"] = contacts.wait_seconds.astype("str")
    contacts.loc[contacts.index[:7], "wait_seconds"] = [f"ZQWR{n:05}" for n in range(7)]
    for name, each in tables.items():
        each.to_parquet(folder / f"{name}.parquet", index=False)
    account = tables["accounts"].account_id.iloc[3]
    # The demonstration's own companies are invented, and named; these here are not.
    text = (folder / "dataset.toml").read_text()
    text = re.sub(r"public = .*", 'personal = ["interactions.caller"]', text)
    (folder / "dataset.toml").write_text(text)
    with (folder / "dataset.toml").open("a") as toml:
        toml.write(
            f'[[tiers.overrides]]\naccount = "{account}"\ntier = "I"\nreason = "agreed"\n'
            "until = 2027-12-31\nsince = 2020-01-01\n"
            '[[inventory]]\nwhat = "Contacts"\nproducer = "zqem00001@mail.example"\n'
        )
    return folder


def leaks(file):
    # What is stored compressed is looked at as it reads.
    stored = file.suffix == ".parquet"
    content = pd.read_parquet(file).to_csv().encode() if stored else file.read_bytes()
    # Pictures stand in pages as text of another kind.
    parts = re.findall(rb"base64,([A-Za-z0-9+/=]{200,})", content)
    return {
        each for text in (content, *map(base64.b64decode, parts)) for each in MARKER.findall(text)
    }


def test_no_marker_is_published_and_the_crm_gets_the_real_ids(marked, tmp_path):
    out, crm = tmp_path / "out", tmp_path / "out-crm"
    # Every page of the whole, and of its slices the one that names accounts.
    for options in ((), ("--by", "region", "--only", "account_tiers")):
        run = cx("report", "2026Q3", "--dataset", marked, "--out", out, *options)
        assert run.returncode == 0, run.stdout + run.stderr
        assert not MARKER.search((run.stdout + run.stderr).encode())
    public = [each for each in out.rglob("*") if each.is_file()]
    assert sum(each.suffix == ".html" for each in public) > 8
    assert sum(each.suffix == ".ipynb" for each in public) >= 7
    for file in public:
        assert not leaks(file), f"{file}: {sorted(leaks(file))[:3]}"
    apart = crm / "2026Q3"
    tiers = pd.read_csv(apart / "account_tiers.csv")
    assert tiers.account_id.str.fullmatch(r"ZQAC\d{5}").all()
    assert pd.read_parquet(apart / "personas.parquet").customer_id.str.match("ZQCU").all()
    assert (apart / "by-region" / "EMEA" / "account_tiers.csv").is_file()
    assert "personal data" in (crm / NOTICE).read_text()
    assert {each.stat().st_mode & 0o77 for each in (crm, *crm.rglob("*"))} == {0}
    tier_page = (out / "2026Q3" / "account_tiers.html").read_text(encoding="utf-8")
    assert re.search("A-[0-9a-f]{12}", tier_page)


@pytest.mark.parametrize("arguments", ["quarter, where", "'2026Q2', where", "quarter, 'cost > 0'"])
def test_a_notebook_that_asks_for_real_ids_gets_none_in_a_run(marked, suite, tmp_path, arguments):
    cell = (
        "from cxlib.data import open_dataset\n"
        f"data = open_dataset(dataset, {arguments}, raw_ids=True)\n"
        "print(data.tables['accounts'].execute().to_string())"
    )
    notebooks = suite(**{"01_curious": [cell]})
    out = tmp_path / "out"
    run = cx(
        "report", "2026Q3", "--dataset", marked, "--out", out, "--notebooks", notebooks,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    for file in (each for each in out.rglob("*") if each.is_file()):
        assert not leaks(file), file
