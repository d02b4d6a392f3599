import pytest

from cxlib.data.config import read_config
from cxlib.errors import DataError


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
