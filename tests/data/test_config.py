from datetime import date

import pytest

from cxlib.data.config import read_config
from cxlib.errors import DataError

OVERRIDE = 'name = "x"\n[[tiers.overrides]]\naccount = "A1"\ntier = "I"\nreason = "a partner"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "name is missing"),
        ('name = "x"\ncurency = "EUR"', "unknown setting curency; did you mean currency?"),
        ('name = "x"\nfiscal_year_start = 13', "must be the number of a month"),
        ('name = "x"\nfiscal_year_start = "April"', "must be a whole number"),
        ('name = "x"\n[tiers]\nrevenue = "high"', "tiers.revenue == 'high', must be a number"),
        ('name = "x"\n[scales]\nces = [7, 1]', r"scales.ces == \[7, 1\], must be \[lowest"),
        ('name = "x"\nthresholds = 3', r"must be a section, written \[thresholds\]"),
        ('name = "x', "not readable as TOML"),
        ('name = "x"\n[scales]\nnps = [1, 5]', "give another scale a name of its own"),
        ('name = "x"\n[tiers]\nrevenue_top_share = 10', "must be a share from 0 to 1"),
        ('name = "x"\n[tiers]\nbuffer = 1', "tiers.buffer == 1, must be below 1"),
        ('name = "x"\n[tiers]\nmargin = 20', "tiers.margin == 20, must be a share"),
        (
            'name = "x"\n[tiers]\ncapacity_1 = 4.5',
            "tiers.capacity_1 == 4.5, must be a whole number",
        ),
        ('name = "x"\n[tiers]\ncapacity_1 = -4', "must be a number of at least 0"),
        ('name = "x"\n[tiers]\nhorizon_years = 0', "must be from 1 to 50"),
        ('name = "x"\n[care]\nsurplus_1 = 0.8', "add up to 1.2, must be at most 1"),
        (
            'name = "x"\n[tiers]\noverrides = 3',
            r"must be sections, each written \[\[tiers.overrides\]\]",
        ),
        (
            OVERRIDE,
            r"tiers.overrides\[1\] must have account, tier, reason, until .* until is missing",
        ),
        (OVERRIDE + 'until = "soon"', "until == 'soon', must be a date without quotes"),
        (
            OVERRIDE.replace('"I"', '"IV"') + "until = 2027-01-01",
            "tier == 'IV', must be one of I, II",
        ),
        (OVERRIDE.replace("a partner", " ") + "until = 2027-01-01", "reason == ' ', must be text"),
        (
            OVERRIDE + "until = 2027-01-01\n" + OVERRIDE[11:] + "until = 2028-01-01",
            "'A1' stands there twice",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_its_rule(tmp_path, text, message):
    (tmp_path / "dataset.toml").write_text(text)
    with pytest.raises(DataError, match=message):
        read_config(tmp_path)


def test_only_the_name_is_required(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "x"')
    config = read_config(tmp_path)
    assert (config.name, config.fiscal_year_start, config.scales["nps"]) == ("x", 1, (0, 10))


def test_a_metric_of_the_datasets_own_joins_the_standard_ones(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "x"\n[scales]\neffort = [0, 100]')
    assert dict(read_config(tmp_path).scales) == {
        "nps": (0, 10), "csat": (1, 5), "ces": (1, 7), "effort": (0, 100),
    }  # fmt: skip


def test_an_override_is_read_with_its_last_day(tmp_path):
    (tmp_path / "dataset.toml").write_text(OVERRIDE + "until = 2026-12-31")
    (found,) = read_config(tmp_path).tiers.overrides
    assert (found.account, found.tier, found.until) == ("A1", "I", date(2026, 12, 31))
