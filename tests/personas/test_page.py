"""The personas page: what it says, and what it must not say."""

import re
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from cxlib.data.config import PersonaRules, read_config
from cxlib.errors import ArgumentError, DataError
from cxlib.measure import measure
from cxlib.personas import accounts_page, explore, groups, migration_page, passport
from cxlib.personas import cards as portraits
from cxlib.personas import page as personas
from cxlib.personas.clustering import find_personas
from cxlib.personas.features import customer_features
from cxlib.personas.migration import moves
from cxlib.personas.profiles import differences, find_rule, typical_profiles
from cxlib.personas.tracking import identify, issue, to_json
from tests.personas.test_clustering import noise, planted

START, END = datetime(2025, 10, 1), datetime(2026, 10, 1)


@pytest.fixture(scope="module")
def page(data):
    return worked_out(data)


def worked_out(data):
    """What the notebook of the demonstration works out, under names of an analyst's own."""
    names = MappingProxyType({"A": "Fridah", "B": "James"})
    table = customer_features(data, START, END)
    then = customer_features(data, datetime(2025, 7, 1), datetime(2026, 7, 1))
    earlier = issue(find_personas(then), "Demonstration", "2026Q2")
    found, match = identify(find_personas(table), table, earlier, names)
    contacts = groups.contact_counts(data, found.labels, START, END)
    accounts = groups.accounts_of(data, found.labels, START, END)
    known = data.attach("customers", personas.member_frame(found))
    return {
        "table": table,
        "found": found,
        "match": match,
        "earlier": earlier,
        "moved": moves(found, then),
        "apart": differences(table, found),
        "profiles": typical_profiles(table, found, differences(table, found)),
        "rule": find_rule(table, found),
        "contacts": contacts,
        "channels": groups.preferred_channels(contacts),
        "buying": groups.buying_shares(contacts),
        "revenue": groups.revenue_shares(accounts, list(found.stability.persona)),
        "accounts": accounts,
        "panel": measure(known, by=["persona"], since=data.quarter.shift(-3)),
    }


@pytest.fixture(scope="module")
def cards(page):
    return portraits.make_cards(
        page["found"], page["apart"], page["profiles"], page["channels"], page["panel"],
        page["revenue"], page["rule"], "EUR",
    )  # fmt: skip


def test_the_number_of_personas_is_said_with_sizes_intervals_and_stability(page):
    finding = personas.found_finding(page["found"])
    assert finding.sentence.startswith("We serve 4 customer groups: Fridah (A) 34.4%, James")
    assert "Fridah 1.00" in finding.evidence or "Fridah 0.9" in finding.evidence


def test_a_card_pictures_a_persona_from_what_is_computed(cards):
    assert [each.title for each in cards.cards] == [
        "Fridah (A): end user, by phone", "James (B): administrator, by chat",
        "C: finance, by email", "D: developer, by web",
    ]  # fmt: skip
    card = cards.cards[0]
    assert card.portrait.startswith("Typically in the role of end user, about 45 years old; in con")
    assert "mostly by phone, about how-to" in card.portrait
    assert re.search(r"; 3\d\.\d% of revenue; stable", card.size)
    assert [label for label, _ in card.lines] == ["Typical", "Channels", "Worth", "Recognise one"]


def test_a_card_draws_what_sets_a_persona_apart_and_how_it_fares(cards):
    for card in cards.cards:
        assert 2 <= len(card.bars) <= portraits.MARKS
        assert all(0 <= each.rest < each.inside <= 1 for each in card.bars)
        assert all(0 <= each.low <= each.value <= each.high <= 1 for each in card.fares)
        assert all(len(each.others) == 3 for each in card.fares)
        # On the scale of all personas, one has the lowest end and one the highest.
    scores = [next(e for e in card.fares if e.label == "CSAT") for card in cards.cards]
    assert min(each.low for each in scores) == 0
    assert max(each.high for each in scores) == pytest.approx(1)


def test_a_card_shows_nobodys_id_and_runs_no_markup(page, cards):
    text = cards._repr_html_()
    assert not re.search(r"\bC\d{6}\b", text)
    evil = "<script>alert(1)</script>"
    named, _ = identify(page["found"], page["table"], None, {"A": evil})
    shown = portraits.make_cards(
        named, page["apart"], page["profiles"], page["channels"], page["panel"], page["revenue"],
        page["rule"],
    )  # fmt: skip
    assert "<script>" not in shown._repr_html_()


def test_a_colour_goes_with_the_letter(page):
    assert personas.colour_of("A") != personas.colour_of("B")
    figure = personas.kpi_figure(page["panel"], page["found"], ("csat",))
    drawn = {
        label.get_text(): line.get_color()
        for label, line in zip(
            figure.axes[0].get_yticklabels(),
            [each for each in figure.axes[0].lines if each.get_marker() == "o"],
            strict=True,
        )
    }
    assert drawn["Fridah"] == personas.colour_of("A")
    assert drawn["D"] == personas.colour_of("D")


def test_kpis_that_personas_were_made_of_are_not_compared(page):
    finding = personas.kpi_finding(page["panel"], page["found"], "EUR")
    assert "contact rate" not in finding.sentence
    assert "Not compared, since the personas were made by what goes into it" in finding.evidence


def test_movement_is_told_with_how_many_kept_their_persona(page):
    finding = migration_page.movement_finding(page["moved"], page["found"], "2026Q2")
    assert finding.sentence == "The persona mix is stable since 2026Q2."
    assert "kept theirs" in finding.evidence
    fate = migration_page.fate_finding(page["found"], page["match"], page["earlier"])
    assert fate.sentence == "All 4 personas of 2026Q2 are still there."
    figure = migration_page.migration_figure(page["moved"], page["found"], "2026Q2", "2026Q3")
    assert "Still the same: Fridah: 9" in figure.alt


def test_what_has_dissolved_is_said():
    table, truth = planted(groups=3)
    earlier = issue(find_personas(table), "d", "2026Q1")
    rest = table[truth != 2]
    found, match = identify(find_personas(rest), rest, earlier)
    finding = migration_page.fate_finding(found, match, earlier)
    assert "has dissolved" in finding.sentence
    assert finding.news


def test_names_without_a_persona_are_told(page):
    found, _ = identify(page["found"], page["table"], None, {"Z": "Nobody"})
    assert "Z (Nobody)" in migration_page.unnamed_finding(found).sentence
    assert migration_page.unnamed_finding(page["found"]) is None


def test_rules_read_as_staff_would_say_them(page):
    table = portraits.rule_table(page["rule"], page["found"])
    text = " ".join(table.frame.If)
    assert "preferred channel is phone" in text
    assert "preferred channel is not phone" in text
    assert re.search(r"more than \d+% of contacts at \w+", text)
    assert (
        "identify the right persona 9"
        in portraits.rule_finding(page["rule"], page["found"]).sentence
    )


def test_a_part_of_the_customers_has_no_names_unless_a_passport_is_kept(data, tmp_path):
    named = replace(data.config, personas=replace(data.config.personas, names={"A": "Fridah"}))
    whole, part = (replace(data, config=named, folder=tmp_path, where=w) for w in ("", "x = 1"))
    assert passport.names_for(whole) == {"A": "Fridah"}
    assert passport.names_for(part) == {}
    assert "Your names are those" in migration_page.withheld_finding({"A": "Fridah"}, {}).sentence
    assert passport.names_for(replace(part, passport="{}")) == {"A": "Fridah"}


def test_when_groups_are_renewed_the_page_says_so(page):
    found, match = identify(
        find_personas(page["table"]), page["table"], page["earlier"], renew=True
    )
    evidence = migration_page.fate_finding(found, match, page["earlier"]).evidence
    assert "assigned by this quarter's own groups" in evidence
    assert "renew = True" not in evidence


def test_the_best_attempt_lacks_what_it_lacks():
    """A comparison that fails in a column of flags must be told as much as in one of objects."""
    table = find_personas(noise("correlated Gaussians", 1))
    lacking = table.tried.assign(
        jaccard=0.9, smallest=0.3, valley=0.5, bridged=np.ones(len(table.tried), dtype=bool)
    )

    told = personas.found_finding(replace(table, tried=lacking)).evidence
    assert told.endswith("along a way without a gap, or differ in a single fact alone.")
    none = lacking.assign(bridged=False)
    assert personas.found_finding(replace(table, tried=none)).evidence == ""


def test_buyers_and_users_are_told_apart(page):
    finding = accounts_page.buying_finding(page["buying"], page["found"])
    assert finding.sentence == "Mostly buying: C; mostly using: Fridah (A), James (B) and D."
    assert re.search(r"Fridah \(A\) 0\.\d% \(.*C 9\d\.\d% \(", finding.evidence)


def test_the_file_has_every_customer_of_a_persona_and_its_confidence(page):
    frame = personas.assignment_frame(page["found"])
    assert list(frame) == ["customer_id", "persona", "confidence"]
    assert set(frame.persona) == {"Fridah", "James", "C", "D"}
    assert frame.confidence.between(0.25, 1).all()
    assert frame.customer_id.is_unique


def test_where_there_are_no_personas_every_part_says_so_or_is_silent(data):
    table = noise("correlated Gaussians", 1)
    nobody, match = identify(find_personas(table), table)
    empty = groups.preferred_channels(groups.contact_counts(data, nobody.labels, START, END))
    assert personas.found_finding(nobody).sentence == (
        "No stable personas: customers do not fall into groups that hold."
    )
    assert "falls short" in personas.found_finding(nobody).evidence
    assert migration_page.fate_finding(nobody, match, None).sentence.startswith(
        "There are no earlier personas"
    )
    assert personas.assignment_frame(nobody).empty
    assert list(personas.assignment_frame(nobody)) == ["customer_id", "persona", "confidence"]
    apart = differences(table, nobody)
    assert portraits.difference_figure(apart, nobody) is None
    assert portraits.profile_frame(apart, nobody).empty
    assert not accounts_page.channel_table(empty, nobody).news
    assert not portraits.rule_finding(None, nobody).news


def test_too_few_customers_are_said_to_be_too_few():
    found = find_personas(pd.DataFrame({"a": [1, 2, 3]}))
    assert personas.found_finding(found).sentence == (
        "No stable personas: 3 customers are too few to tell personas; it takes 100."
    )


# The passport as a file ---------------------------------------------------------------------------


def test_a_passport_kept_with_the_dataset_comes_first(data, page, tmp_path, monkeypatch):
    folder, before = tmp_path / "dataset", tmp_path / "before"
    (before / "tables").mkdir(parents=True)
    folder.mkdir()
    mine = replace(data, folder=folder)
    assert passport.load_passport(mine, "") is None
    assert passport.load_passport(mine, str(before)) is None
    (before / "tables" / passport.FILE).write_text(to_json(page["earlier"]))
    assert passport.load_passport(mine, str(before)).quarter == "2026Q2"
    kept = replace(page["earlier"], quarter="2025Q4")
    mine = replace(mine, passport=to_json(kept))
    assert passport.load_passport(mine, str(before)).quarter == "2025Q4"
    assert str(passport.quarter_before(data, kept)) == "2025Q4"
    assert str(passport.quarter_before(data, None)) == "2026Q2"


def test_a_passport_that_cannot_be_used_is_refused(data, page, tmp_path):
    mine = replace(data, folder=tmp_path)
    with pytest.raises(ArgumentError, match="before == 'nowhere': there is no such folder"):
        passport.load_passport(mine, "nowhere")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / passport.FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="not UTF-8"):
        passport.load_passport(mine, str(tmp_path))
    other = replace(page["earlier"], dataset="Another")
    mine = replace(mine, passport=to_json(other))
    with pytest.raises(
        DataError, match="passport of the dataset 'Another', not of 'Demonstration'"
    ):
        passport.load_passport(mine)


# Widgets ------------------------------------------------------------------------------------------


FEW = ["channel", "reason", "role"]


def test_features_number_and_names_can_be_explored(page, data):
    tried = explore.try_personas(data, page["table"], FEW)
    finding, figure, made, heat = explore.cards_with(tried, {"A": "Fridah", "B": "James"})
    assert "Fridah (A)" in finding.sentence
    assert "James" in heat.alt
    assert "number of groups" in figure.alt
    assert [each.title.split(":")[0] for each in made.cards][:2] == ["Fridah (A)", "James (B)"]
    assert "CSAT" in [each.label for each in made.cards[0].fares]
    (finding,) = explore.cards_with(tried, {"A": "Ann", "B": "Ann"})
    assert finding.sentence == "Personas.names: 'Ann' is the name of two personas."
    asked = explore.try_personas(data, page["table"], FEW, count=6)
    finding, *_ = explore.cards_with(asked, {})
    assert finding.sentence.startswith("6 groups, as many as were asked for; by the tests, they")


def test_the_widget_finds_names_and_saves(page, data, tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "D"  # ours\n\n[privacy]\nsmallest_group = 5\n')
    config = replace(data.config, personas=PersonaRules())
    mine = replace(data, folder=tmp_path, config=config)
    widget = explore.explore_personas(mine, page["table"])
    chosen, _, find, titles, _, save, _ = widget.children
    assert not any("_" in label for label, _ in chosen.options)
    chosen.value = FEW
    find.click()
    titles.children[0].value = "Fridah"
    save.click()
    kept = read_config(tmp_path)
    assert kept.personas.features == tuple(FEW)
    assert kept.personas.names == {"A": "Fridah"}
    text = (tmp_path / "dataset.toml").read_text()
    assert text.startswith('name = "D"  # ours\n\n[privacy]\nsmallest_group = 5\n')
    assert [each.name for each in tmp_path.iterdir()] == ["dataset.toml"]
    refused = explore.save_rules(mine, FEW, {"A": "B"})
    assert refused.sentence.startswith("Not saved.")
    assert (tmp_path / "dataset.toml").read_text() == text


def test_no_feature_at_all_is_said(page, data):
    finding, *_ = explore.cards_with(explore.try_personas(data, page["table"], []), {})
    assert finding.sentence.startswith("No stable personas")


def test_every_word_on_the_figures_of_the_page_has_a_number_behind_it(page):
    heat = portraits.difference_figure(page["apart"], page["found"])
    shown = [text.get_text() for text in heat.axes[0].texts]
    assert all(re.fullmatch(r"-?\d+\.\d", each) for each in shown)
    assert np.isfinite([float(each) for each in shown]).all()
