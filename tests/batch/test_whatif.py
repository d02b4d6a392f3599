"""The sliders of the published page: driven in Chromium, and compared with Python."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from cxlib.account_tiers.accounts import quarter_books
from cxlib.account_tiers.assignment import TIER_NAMES, assign_tiers, standings
from cxlib.account_tiers.whatif import MOST_ACCOUNTS, WhatIf, payload, tiers_under
from cxlib.batch.indexes import policy, script, style
from cxlib.data.config import TierRules
from cxlib.data.declared import Override

pytestmark = pytest.mark.browser

FIELDS = {
    "revenue_12m": "whatif-revenue_12m", "strategic_value": "whatif-strategic_value",
    "growth_potential": "whatif-growth_potential", "lifetime_value": "whatif-lifetime_value",
    "capacity_1": "whatif-capacity-1", "capacity_2": "whatif-capacity-2",
}  # fmt: skip


def in_python(tiers, rules, changed):
    capacities = {name: changed.get(name) for name in ("capacity_1", "capacity_2")}
    amounts = {name: each for name, each in changed.items() if not name.startswith("capacity")}
    return tiers_under(tiers, rules, dict(tiers.thresholds) | amounts, **capacities)


def in_browser(page, changed):
    """Set the fields, and read the tier of every account."""
    page.get_by_text("Back to the rules in force").click()
    for name, value in changed.items():
        page.fill(f"#{FIELDS[name]}", repr(value))
    digits = page.locator(".whatif").get_attribute("data-tiers")
    return [TIER_NAMES[int(each) - 1] for each in digits]


def tables_of(page):
    return (
        page.locator(".whatif table tbody")
        .nth(0)
        .locator("tr")
        .evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.textContent))")
    )


DEMO_CHANGES = [
    {},
    {"revenue_12m": 30_000},
    {"revenue_12m": 19_000.5, "growth_potential": 9_100},
    {"strategic_value": 4},
    {"lifetime_value": 100_000, "growth_potential": 1e9},
    {"capacity_1": 40},
    {"capacity_1": 10, "capacity_2": 25},
    {"capacity_2": 0},
    {"revenue_12m": 0, "capacity_1": 300, "lifetime_value": 40_000, "capacity_2": 333},
]


def test_the_page_says_the_same_as_python_account_by_account(visit, demo_report, published):
    page, faults = visit(demo_report / "2026Q3" / "account_tiers.html")
    tiers = standings(quarter_books(published, published.quarter), published.config.tiers)[-1].tiers
    for changed in DEMO_CHANGES:
        expected = in_python(tiers, published.config.tiers, changed)
        assert in_browser(page, changed) == expected.accounts.tier.tolist(), changed
        told = tables_of(page)
        assert [row[1].replace(",", "") for row in told] == [
            str(each) for each in expected.summary.accounts
        ]
        money = [float(row[3].replace(",", "").split()[0]) for row in told]
        assert money == pytest.approx(expected.summary.revenue.tolist(), abs=0.51)
        moved = (expected.accounts.tier != tiers.accounts.tier).sum()
        up = (expected.accounts.tier < tiers.accounts.tier).sum()
        sentence = page.locator(".whatif [role=status]").inner_text()
        if moved:
            revenue = expected.accounts.revenue_12m[expected.accounts.tier != tiers.accounts.tier]
            assert sentence == (
                f"{up} accounts move up, {moved - up} down, and {revenue.sum():,.0f} EUR of revenue "
                "with them."
            )
        else:
            assert sentence == "No account moves."
    assert faults == []


def test_a_slider_moves_its_field_and_the_accounts(visit, demo_report, published):
    page, faults = visit(demo_report / "2026Q3" / "account_tiers.html")
    tiers = standings(quarter_books(published, published.quarter), published.config.tiers)[-1].tiers
    slider = page.locator(".whatif input[type=range]").nth(0)
    before = slider.input_value()
    slider.focus()
    for _ in range(150):
        page.keyboard.press("ArrowLeft")
    assert int(slider.input_value()) == int(before) - 150
    amount = float(page.input_value("#whatif-revenue_12m"))
    assert amount < 65_000
    digits = page.locator(".whatif").get_attribute("data-tiers")
    expected = in_python(tiers, published.config.tiers, {"revenue_12m": amount}).accounts.tier
    assert [TIER_NAMES[int(each) - 1] for each in digits] == expected.tolist()
    assert (expected != tiers.accounts.tier).sum() > 10
    page.get_by_text("Back to the rules in force").click()
    assert page.input_value("#whatif-revenue_12m") == "65000"
    assert faults == []


AMOUNTS = TierRules(revenue=100, growth=7.3, lifetime_value=33.3)
# Most have the same revenue: by top shares no amount is a threshold, until one is set.
ALIKE = TierRules()


def odd_accounts(rng, count=400, given=AMOUNTS):
    """Ties, debts, nothing, what is not known, all tiers before, and tiers set by hand."""
    table = pd.DataFrame(
        {
            "revenue_12m": rng.choice([-50.0, 0.0, 10.0, 10.0, 99.9, 100.0, 1e6 / 3], count)
            if given is AMOUNTS
            else rng.choice([50.0, 100.0], count, p=[0.3, 0.7]),
            "growth_potential": rng.choice([np.nan, 0.0, 0.1, 7.3, 7.3, 1e5 / 7], count),
            "strategic_value": rng.choice([np.nan, 1.0, 3.0, 5.0], count, p=[0.2, 0.4, 0.35, 0.05]),
            "lifetime_value": rng.choice([np.nan, 0.0, 33.3, 1e4 / 9, 2e5], count),
        },
        index=[f"A{n}" for n in range(count)],
    )
    before = pd.Series(rng.choice(["", *TIER_NAMES], count), table.index)
    hands = rng.choice(table.index, 12, replace=False)
    overrides = tuple(
        Override(each, TIER_NAMES[n % 3], "by hand", date(2030, 1, 1))
        for n, each in enumerate(hands)
    )
    names = [f"<b>{n}</b></script><script>window.evil=1</script>" for n in range(count)]
    return table.assign(name=names), before, replace(given, overrides=overrides)


@pytest.mark.parametrize("given", [AMOUNTS, ALIKE], ids=["amounts", "alike"])
def test_odd_accounts_and_random_rules_come_out_the_same(visit, tmp_path, given):
    rng = np.random.default_rng(1)
    table, before, rules = odd_accounts(rng, given=given)
    tiers = assign_tiers(table, rules, before)
    html = WhatIf(tiers, rules)._repr_html_()
    path = tmp_path / "page.html"
    path.write_text(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>x</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy()}">'
        f"<style>{style()}</style></head><body><main>{html}</main>"
        f"<script>{script()}</script></body></html>",
        encoding="utf-8",
    )
    page, faults = visit(path)
    choices = {
        "revenue_12m": [0.5, 10.0, 99.9, 110.0, 1e6],
        "strategic_value": [1, 3, 5, 6],
        "growth_potential": [0.1, 7.3, 8.1, 2e5],
        "lifetime_value": [1.0, 33.3, 37.0, 1e6],
        "capacity_1": [0, 1, 7, 60, 399],
        "capacity_2": [0, 1, 5, 50, 250],
    }
    for _ in range(60):
        chosen = rng.choice(list(choices), rng.integers(1, 6), replace=False)
        changed = {name: rng.choice(choices[name]).item() for name in chosen}
        expected = in_python(tiers, rules, changed).accounts.tier.tolist()
        assert in_browser(page, changed) == expected, changed
    assert page.evaluate("() => window.evil") is None
    assert faults == []


def test_too_many_accounts_leave_the_sliders_out():
    table = pd.DataFrame(
        dict.fromkeys(("revenue_12m", "growth_potential", "strategic_value", "lifetime_value"), 1.0),
        index=[f"A{n}" for n in range(MOST_ACCOUNTS + 1)],
    ).assign(name="x")  # fmt: skip
    tiers = assign_tiers(table, TierRules())
    assert "The sliders are left out" in WhatIf(tiers, TierRules())._repr_html_()


def test_what_the_page_is_told_is_plain_json():
    table, before, rules = odd_accounts(np.random.default_rng(2), 20)
    what = WhatIf(assign_tiers(table, rules, before), rules)
    json.dumps(payload(what), allow_nan=False)
    assert "</script><script>" not in what._repr_html_()
