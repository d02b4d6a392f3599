"""Sheets for people: what is drawn, what is read back, and shares that they put right."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from cxlib.errors import DataError
from cxlib.voice.coding import coding_sheet, corrected_shares, kappa, read_sheet
from cxlib.voice.themes import Theme
from tests.conftest import ROOT, cx

THEMES = (Theme(words=("wait",), name="waiting"), Theme(words=("bill",), name="billing"))


def test_a_sheet_is_drawn_once_for_all_and_has_no_formulas():
    texts = [f"comment {number}" for number in range(500)] + ["=1+1", "comment 1"]
    sheet = coding_sheet(texts, 50)
    assert sheet.equals(coding_sheet(texts[::-1], 50))
    assert len(sheet) == sheet.text.nunique() == 50
    assert "'=1+1" in set(coding_sheet(texts, 1_000).text)
    assert set(sheet.themes) == {""}


def test_agreement_is_cohens():
    rng = np.random.default_rng(1)
    one = rng.random(200) < 0.3
    other = np.where(rng.random(200) < 0.8, one, rng.random(200) < 0.3)
    table = pd.crosstab(one, other).to_numpy()
    assert kappa(one, other) == pytest.approx(cohens_kappa(table).kappa)
    assert np.isnan(kappa([True] * 4, [True] * 4))


def test_corrected_shares_hold_the_truth_though_words_miss_half():
    """Of 200 draws, 95% nominally; four standard errors are 6 points."""
    rng, held, errors = np.random.default_rng(2), 0, []
    for _ in range(200):
        true = rng.random(3_000) < 0.2
        # Words find half of those that speak of it, and one in twenty of the others.
        said = np.where(true, rng.random(3_000) < 0.5, rng.random(3_000) < 0.05)
        texts = {f"t{n}": f"wait {n}" if has else f"else {n}" for n, has in enumerate(said)}
        read = rng.choice(3_000, 300, replace=False)
        sheet = pd.DataFrame({"waiting": true[read]}, index=[f"t{n}" for n in read])
        (found,) = corrected_shares(texts, THEMES[:1], [sheet])
        held += found.corrected.low <= true.mean() <= found.corrected.high
        errors.append(found.corrected.value - true.mean())
        assert found.counted == pytest.approx(said.mean())
    assert held / 200 >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / 200)
    assert abs(np.mean(errors)) <= 4 * np.std(errors) / np.sqrt(200)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("text_id,text\n1,a\n", "column themes is missing"),
        ("text_id,text,themes\n1,a,waiting\n2,b,wating\n", "line 3: theme 'wating' is not in"),
        ("", "not readable as a sheet"),
    ],
)
def test_what_is_wrong_with_a_sheet_is_one_line(tmp_path, text, message):
    (tmp_path / "coding.csv").write_text(text)
    with pytest.raises(DataError, match=message) as error:
        read_sheet(tmp_path / "coding.csv", THEMES)
    assert "\n" not in str(error.value)


def test_people_read_the_demonstrations_comments(tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    for path in (ROOT / "data" / "demo").iterdir():
        (folder / path.name).symlink_to(path)
    run = cx("code", "--dataset", folder, "--n", "60")
    assert run.returncode == 0, run.stderr
    sheet = pd.read_csv(folder / "coding.csv", dtype="str", keep_default_na=False)
    assert len(sheet) == 60
    assert (folder / "coding.xlsx").stat().st_size > 5_000
    again = cx("code", "--dataset", folder)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    sheet.assign(themes=["handover" if n % 6 == 0 else "faults; staff" for n in range(60)]).to_csv(
        folder / "one.csv", index=False
    )
    run = cx(
        "code", "--dataset", folder, "--read", folder / "one.csv", "--read", folder / "one.csv"
    )
    assert run.returncode == 0, run.stderr
    line = next(each for each in run.stdout.splitlines() if each.startswith("handover"))
    assert "as people read" in line
    assert "kappa 1.00" in line
