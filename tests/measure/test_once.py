"""What several notebooks need is worked out once, and never given for other data or questions."""

import pandas as pd
import pytest

from cxlib.account_tiers import quarter_books
from cxlib.data import Quarter, open_dataset, snapshot
from cxlib.data.opening import as_of
from cxlib.data.privacy.hide import hide
from cxlib.data.validate import validate
from cxlib.measure import contrasts
from cxlib.measure.once import worked_out_once
from cxlib.pdca_cycles import read_cycles
from tests.conftest import ROOT

DEMO = ROOT / "data" / "demo"
WHERE = "region = 'EMEA'"
NOW = Quarter(2026, 2)


@pytest.fixture
def asked():
    """What was worked out, in this process, by `contacts_of`."""
    return []


@pytest.fixture
def contacts_of(asked):
    """A function that several notebooks might call."""

    @worked_out_once
    def contacts_of(data, names, back=0):
        asked.append((data.where, names, back))
        rows = data.rows("interactions")
        return rows.group_by("channel").agg(contacts=rows.count()).execute()

    return contacts_of


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The snapshots of a run: the whole, and a slice."""
    folder = tmp_path_factory.mktemp("run")
    whole = as_of(hide(validate(DEMO, folder)), str(NOW))
    snapshot.keep(whole, folder / "whole")
    snapshot.keep_slice(whole.filtered(WHERE), whole, folder / "whole", folder / "slice")
    return folder


@pytest.fixture
def notebook(kept, monkeypatch):
    """Open the dataset as a notebook of that run does."""

    def opened(part="whole", where=""):
        monkeypatch.setenv(snapshot.VARIABLE, str(kept / part))
        return open_dataset(DEMO, str(NOW), where)

    return opened


def test_notebooks_of_a_run_share_what_one_has_worked_out(notebook, contacts_of, asked):
    first, second = (contacts_of(notebook(), ["a"]) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert len(asked) == 1


def test_another_question_slice_or_part_has_a_result_of_its_own(notebook, contacts_of, asked):
    whole = notebook()
    answers = [
        contacts_of(whole, ["b"]),
        contacts_of(notebook("slice", WHERE), ["b"]),
        contacts_of(whole.filtered("channel = 'phone'"), ["b"]),
    ]
    assert len({each.contacts.sum() for each in answers}) == 3
    ids = whole.rows("customers").select("customer_id").limit(5).execute()
    contacts_of(whole.attach("customers", ids.assign(persona="A")), ["b"])
    contacts_of(whole, ["c"])
    contacts_of(whole, ["b"], back=1)
    assert len(asked) == 6
    # However it is asked, the same question is the same.
    contacts_of(whole, names=(each for each in ["b"]), back=0)
    assert len(asked) == 6


def test_without_a_run_nothing_is_written_and_a_dataset_knows_it(write, contacts_of, asked):
    data = open_dataset(write())
    before = sorted(data.folder.iterdir())
    first = contacts_of(data, ())
    first["contacts"] = 0  # whoever changes a result changes a copy
    assert contacts_of(data, ()).contacts.sum() == 3
    assert len(asked) == 1
    assert sorted(data.folder.iterdir()) == before
    contacts_of(open_dataset(data.folder), ())
    assert len(asked) == 2


def test_a_notebook_that_was_stopped_while_it_wrote_leaves_nothing_that_is_taken(
    notebook, contacts_of, asked, kept
):
    before = set((kept / "whole" / "results").glob("*.lock"))
    contacts_of(notebook(), ["d"])
    (lock,) = set((kept / "whole" / "results").glob("*.lock")) - before
    lock.with_suffix("").rename(lock.with_suffix(".begun"))
    contacts_of(notebook(), ["d"])
    assert len(asked) == 2


def test_a_result_that_cannot_be_kept_is_given_all_the_same(notebook, contacts_of, asked, kept):
    before = set((kept / "whole" / "results").glob("*.lock"))
    contacts_of(notebook(), ["e"])
    (lock,) = set((kept / "whole" / "results").glob("*.lock")) - before
    lock.with_suffix("").unlink()
    lock.with_suffix(".begun").mkdir()  # nothing can be written there
    assert contacts_of(notebook(), ["e"]).contacts.sum() > 0
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("work_out", "others"),
    [(contrasts, (NOW, NOW.previous)), (quarter_books, (NOW,)), (read_cycles, ())],
    ids=["contrasts", "books", "cycles"],
)
def test_what_is_shared_says_the_same_as_what_is_worked_out(work_out, others, notebook):
    anew = work_out.__wrapped__(notebook(), *others)
    work_out(notebook(), *others)
    shared = work_out(notebook(), *others)
    assert len(anew) == len(shared) > 0
    for one, other in zip(anew, shared, strict=True):
        assert _in_words(one) == _in_words(other)


def _in_words(result):
    """Everything that a result holds; KPIs by their name, since what they do has no words."""
    return {
        name: each.name if name == "kpi" and each else
        each.to_csv(float_format="%.9g") if isinstance(each, pd.DataFrame | pd.Series) else repr(each)
        for name, each in vars(result).items()
    }  # fmt: skip
