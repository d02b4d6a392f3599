"""The page on the voice of the customer: what it reads, quotes, lists, and keeps to itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.demo import truth
from cxlib.demo.beyond import THEMES
from cxlib.errors import DataError
from cxlib.voice import loop_page, page
from cxlib.voice.causes import easy_index, root_causes
from cxlib.voice.expectations import find_expectations
from cxlib.voice.followups import answers_of, loop_by, loop_of, recovery_of, work_list
from cxlib.voice.quotes import draw_quotes
from cxlib.voice.rows import texts_of, unreadable, year_of
from cxlib.voice.spoken import Spoken, effects_in, monthly, shares_by, themes_in
from cxlib.voice.themes import mentions, read_themes, written
from tests.conftest import ROOT, cx
from tests.voice.test_texts import a_company


@pytest.fixture(scope="module")
def read(data):
    texts = texts_of(data, data.start, data.end)
    themes = read_themes(ROOT / "data" / "demo")
    return texts, themes, themes_in(texts, themes)


def test_the_demonstrations_themes_are_those_planted(demo, read):
    texts, themes, spoken = read
    planted = demo.tables["surveys"].drop_duplicates("response_id").dropna(subset=["verbatim"])
    named = [each.called for each in themes]
    assert named == list(THEMES)
    found = mentions(list(planted.verbatim), themes)
    true = demo.themes.reindex(planted.response_id).to_numpy()
    right = found[np.arange(len(planted)), [named.index(each) for each in true]]
    assert right.mean() > 0.99
    assert found.sum() == right.sum()
    joint = effects_in(texts, spoken, "csat")
    # Being passed on and left unsolved are what customers were made to suffer from.
    assert {each.theme for each in joint.effects[:2]} == {"handover", "resolution"}
    assert joint.uncovered.value < 0.01


def test_quotes_are_drawn_as_scores_are(read):
    """Over 1,000 draws of quotes, their mean score is that of all; and they are the texts' own."""
    texts, _, _ = read
    rng, means = np.random.default_rng(1), []
    mine = texts[texts.metric == "csat"].dropna(subset=["score"]).head(400)
    for _ in range(1_000):
        # The lot falls by the text: other texts, other lot.
        said = [f"{rng.integers(1e9)} {text}"[:180] for text in mine.text]
        world = mine.assign(text=said, customer_id=[str(n) for n in range(len(mine))])
        spoken = Spoken(("any",), np.ones((len(mine), 1), bool), np.ones(len(mine), bool), True, ())
        (drawn,) = draw_quotes(world, spoken, 5)
        means.append(np.mean([float(about.split()[-1]) for _, about in drawn.texts]))
    error = mine.score.std() / np.sqrt(3 * 1_000)
    assert abs(np.mean(means) - mine.score.mean()) <= 4 * error


def test_quotes_are_rows_of_the_data(read):
    texts, _, spoken = read
    for each in draw_quotes(texts, spoken, 5):
        for text, about in each.texts:
            rows = texts[texts.text.str.strip() == text]
            assert any(f"{row.metric.upper()} {row.score:g}" == about for row in rows.itertuples())


def test_the_loop_of_the_demonstration_helps_nobody_and_is_no_faster_than_it_is(data):
    answers = answers_of(data, data.start, data.end)
    loop = loop_of(data, answers, data.end)
    low = answers[answers.low]
    assert loop.answers == len(low)
    assert loop.within[2].value < truth.FOLLOWED_UP
    found = recovery_of(data, answers, data.end)
    assert not found.detected
    assert "was not shown to help" in loop_page.recovery_finding(found, "CSAT").sentence
    waiting = work_list(data, answers, data.end)
    assert len(waiting) == loop.still_open
    assert "text" not in waiting
    assert waiting.days_open.min() >= 0


def test_ten_expectations_are_told_by_facts_before_comments(data, read):
    texts, themes, spoken = read
    joint = effects_in(texts, spoken, "csat")
    found = {each.name: each for each in find_expectations(year_of(data), None, joint, themes)}
    assert len(found) == 10
    assert found["well trained"].source == "Transfer rate"
    assert found["well trained"].effect.high < 0
    assert found["courteous"].evidence == "comments"
    assert found["promises kept"].evidence == "not measurable"
    assert found["responsible"].broken is None


def test_causes_have_bounds_for_what_is_unknown(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "Causes"\n[privacy]\nsmallest_group = 1\n')
    (tmp_path / "customers.csv").write_text(
        "customer_id,account_id\n" + "".join(f"{n},{n}\n" for n in range(10))
    )
    causes = ["company"] * 4 + ["customer"] * 2 + [""] * 4
    (tmp_path / "interactions.csv").write_text(
        "interaction_id,customer_id,started_at,channel,root_cause\n"
        + "".join(f"i{n},{n},2026-07-01,phone,{cause}\n" for n, cause in enumerate(causes))
    )
    data = open_dataset(tmp_path, "2026Q3")
    first, second = root_causes(data, data.quarter.start, data.quarter.end)
    assert (first.who, first.share.value, first.least, first.most) == (
        "company", pytest.approx(2 / 3), 0.4, 0.8
    )  # fmt: skip
    assert (second.least, second.most) == (0.2, pytest.approx(0.6))
    assert easy_index(data, None) is None


def test_comments_that_may_not_be_read_are_not(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "Quiet"\n')
    (tmp_path / "customers.csv").write_text("customer_id,account_id\n1,1\n")
    (tmp_path / "surveys.csv").write_text(
        "response_id,customer_id,sent_at,metric,score,verbatim\nr,1,2026-07-01,csat,5,Fine\n"
    )
    data = open_dataset(tmp_path, "2026Q3")
    assert "privacy.public" in unreadable(data)
    texts = texts_of(data, data.start, data.end)
    spoken = themes_in(texts, ())
    assert texts.empty
    sentences = [
        page.theme_finding(effects_in(texts, spoken, ""), spoken, "", unreadable(data)),
        page.emerging_finding((), ()), page.word_finding(()), page.quote_finding(()),
        page.tone_finding(None, pd.Series(dtype=float)), loop_page.cause_finding(()),
        loop_page.loop_finding(None), loop_page.recovery_finding(None, ""),
        loop_page.ease_finding(None, None), loop_page.expectation_finding(()),
    ]  # fmt: skip
    assert not any(each.news or "nan" in each.sentence for each in sentences)


def test_shares_that_would_tell_of_a_small_group_are_not_shown(read):
    texts, _, spoken = read
    assert len(shares_by(texts, spoken, "handover", "channel", 5)) == 4
    few = texts.assign(channel=np.where(texts.index < 3, "fax", texts.channel))
    assert shares_by(few, spoken, "handover", "channel", 5) == []


def test_themes_are_proposed_once_and_then_left_alone(tmp_path):
    texts, own = a_company(np.random.default_rng(2), 2_400)
    rows = [(f"r{number}", "1", "2026-07-01", "csat", 1 + 4 * (number % 2), text)
            for number, text in enumerate(texts)]  # fmt: skip
    columns = ["response_id", "customer_id", "sent_at", "metric", "score", "verbatim"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "surveys.csv", index=False)
    (tmp_path / "dataset.toml").write_text('name = "Shop"\n')
    (tmp_path / "customers.csv").write_text("customer_id,account_id\n1,1\n")
    first = cx("themes", "--dataset", tmp_path)
    assert first.returncode == 0, first.stderr
    proposed = {word for each in read_themes(tmp_path) for word in each.words}
    assert sum(len(words & proposed) >= 2 for words in own) >= 6
    again = cx("themes", "--dataset", tmp_path)
    assert again.returncode == 2
    assert "is there already" in again.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[waiting\n", "not readable as TOML"),
        ('waiting = "x"\n', "must be a section"),
        ("[waiting]\nwords = 3\n", "words"),
        ('[waiting]\nlabel = "Waits"\n', "must hold beginnings"),
        ('[waiting]\nwords = ["wait", " "]\n', "none empty"),
        ('[a]\nwords = ["x"]\nlabel = "L"\n[b]\nwords = ["y"]\nlabel = "L"\n', "like another"),
        ('[waiting]\nword = ["wait"]\n', "word"),
        ('[waiting]\nwords = ["wait"]\nexpectation = "quick"\n', "expectation"),
    ],
)
def test_what_is_wrong_with_themes_is_one_line(tmp_path, text, message):
    (tmp_path / "themes.toml").write_text(text)
    with pytest.raises(DataError, match=message) as error:
        read_themes(tmp_path)
    assert "\n" not in str(error.value)


def test_low_answers_are_counted_by_when_they_came_and_what_was_done(data):
    answers = answers_of(data, data.start, data.end)
    low = answers[answers.low & (answers["at"] <= data.end - pd.Timedelta(days=1))]
    days = loop_by(answers, "weekday", 5, data.end).set_index("group")
    monday = low[low["at"].dt.day_name() == "Monday"]
    quick = (monday.called_at - monday["at"]) <= pd.Timedelta(days=1)
    assert days.loc["Monday"].tolist() == [len(monday), quick.sum()]
    assert loop_by(answers, "hour", 5, data.end).answers.sum() == len(low)
    assert set(loop_by(answers, "cause", 5, data.end).group) == {"operations", "skill"}
    # One customer alone with something is not told, nor can be worked out.
    alone = answers.assign(cause=["other"] + ["skill"] * (len(answers) - 1), low=True)
    assert loop_by(alone, "cause", 5, data.end).empty
    assert loop_page.loop_table(answers, 5, data.end).frame.By.nunique() == 4
    assert loop_page.loop_table(answers[:0], 5, data.end) is None


def test_a_theme_of_few_customers_is_left_out(read):
    texts, themes, _ = read
    few = texts[texts.text.str.contains("password")].head(3)
    others = texts[~texts.text.str.contains("assword|pass", regex=True)].head(50)
    spoken = themes_in(pd.concat([few, others], ignore_index=True), themes, 5)
    assert len(spoken.names) < len(themes)
    assert all(
        pd.concat([few, others]).customer_id[spoken.found[:, place]].nunique() not in range(1, 5)
        for place in range(len(spoken.names))
    )


def test_a_proposal_in_any_language_can_be_read(tmp_path):
    (tmp_path / "themes.toml").write_text(written({"größe_paßt": ["größe", "paßt"]}), "utf-8")
    (theme,) = read_themes(tmp_path)
    assert theme.words == ("größe", "paßt")


def test_masks_are_no_words(read):
    _, themes, _ = read
    phone = replace(themes[0], words=("phone",))
    assert mentions(["call [phone number]", "by phone"], [phone])[:, 0].tolist() == [False, True]


def test_who_writes_often_in_a_month_counts_once():
    texts = pd.DataFrame({"month": ["2026-01"] * 3, "customer_id": ["a", "a", "b"],
                          "text": ["wait", "wait", "fine"]})  # fmt: skip
    spoken = Spoken(("waiting",), np.array([[True], [True], [False]]), np.ones(3, bool), True, ())
    counts, writers = monthly(texts, spoken)
    assert (counts.waiting.tolist(), writers.tolist()) == ([1], [2])
