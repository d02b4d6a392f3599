import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from cxlib.data import open_dataset
from cxlib.measure import measure
from cxlib.measure.small_groups import without_small


def panel(sizes):
    return pd.DataFrame(
        {
            "kpi": "nps",
            "period": 1,
            "group": range(len(sizes)),
            "people": [float(x) for x in sizes],
        }
    )


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(2, 8))
def test_nothing_small_is_shown_or_can_be_worked_out(sizes, smallest):
    shown, withheld = without_small(panel(sizes), ["group"], smallest)
    assert (shown.people >= smallest).all()
    assert len(shown) + len(withheld) == len(sizes)
    assert (withheld.why != "").all()
    gone = sum(sizes) - shown.people.sum()
    hidden = len(sizes) - len(shown)
    # What is missing from the total is nothing, or enough people in two groups, or all there is.
    assert hidden == 0 or len(shown) == 0 or (gone >= smallest and hidden >= 2)
    if min(sizes) >= smallest:
        assert len(shown) == len(sizes)


def test_periods_and_kpis_are_each_looked_at():
    both = pd.concat([panel([2, 9, 30]), panel([8, 9, 30]).assign(period=2)], ignore_index=True)
    shown, _ = without_small(both, ["group"], 5)
    assert list(shown.period) == [1, 2, 2, 2]


def test_without_groups_nothing_is_left_out():
    assert len(without_small(panel([2]), [], 5)[0]) == 1


def test_a_panel_by_group_leaves_small_ones_out_unless_ids_are_asked_for(write):
    folder = write(dataset__toml='name = "Small"\n')
    assert measure(open_dataset(folder), by=["channel"]).frame.empty
    assert len(measure(open_dataset(folder, raw_ids=True), by=["channel"]).frame)
    assert len(measure(open_dataset(folder)).frame)


def test_rows_without_a_group_take_no_other_group_with_them():
    """One respondent without a persona: the smallest persona is shown all the same."""
    sizes = panel([1, 115, 400]).assign(group=[None, "A", "B"])
    shown, withheld = without_small(sizes, ["group"], 5)
    assert list(shown.group) == ["A", "B"]
    assert list(withheld.why) == ["group is not recorded"]


def test_a_group_of_nobody_known_keeps_a_small_one_company():
    sizes = panel([3, 50, 400]).assign(group=["small", "large", "Unknown"])
    shown, withheld = without_small(sizes, ["group"], 5)
    assert list(shown.group) == ["large"]
    why = withheld.set_index("group").why
    assert why["small"] == "fewer than 5 of whom it tells"
    assert why["Unknown"] == "another group of fewer than 5 could be worked out from it"
