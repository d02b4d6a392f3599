import re
import subprocess
import sys

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.data import open_dataset
from cxlib.data.filters import parse_filter
from cxlib.data.hidden_filters import with_pseudonyms
from cxlib.data.privacy.hide import real_ids
from cxlib.data.privacy.masks import masked_text, shape_of
from cxlib.data.privacy.pseudonyms import VARIABLE, pseudonym, pseudonym_key
from cxlib.errors import ArgumentError, DataError
from tests.conftest import write_dataset

KEY = "the key of the tests"
NAMING = {
    "e-mail address": ["ann.lee+x@mail.example.org", "A_B@x.io", "ann@müller.de", "ann\uff20mail.org",
                       "o'neil@x.org"],
    "phone number": ["+44 20 7946 0958", "+49 (0)30 901820", "020 7946 0958", "(212) 555-0147",
                     "+44\u00a020\u00a07946\u00a00958", "020\u20137946\u20130958", "0044 20 7946 0958",
                     "(11) 91234-5678", "8 (912) 345-67-89", "612 34 56 78", "512 345 678",
                     "912 345 678", "347 123 4567", "406 12 345", "20 12 34 56", "98765 43210",
                     "138 0013 8000", "(800)555-0199", "1-800-555-0199", "06 12 34 56 78",
                     "0612345678", "612345678", "01234 567890", "070-123 45 67", "+81-3-1234-5678",
                     "\uff10\uff13-1234-5678", "0171 123 45 67", "(0171) 123 45 67", "0171.123.45.67",
                     "0171/123-45-67"],
    "card number": ["4111 1111 1111 1111", "5500-0000-0000-0004", "340000000000009",
                    "4111.1111.1111.1111", "2223 0031 2200 3222"],
    "national number": ["078-05-1120", "AB 12 34 56 C", "529.982.247-25", "RSSMRA85T10A562S", "12345678Z",
                        "850709-9805"],
    "account number": ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "de89370400440532013000",
                       "NO93 8601 1117 947", "de89 3704 0044 0532 0130 00",
                       "nl91 abna 0417 1643 00"],
}  # fmt: skip
HARMLESS = [
    "billing", "phone", "EMEA north", "2026-01-05", "2026-01-05 09:30:00", "order 12345", "3.14",
    "wait of 1200 seconds", "version 10.0.19", "GOLD PLUS", "50%", "invoice 2026-001", "Q3 2026",
    "05.01.2026", "from 05/01/2026 to 31/01/2026", "4006381333931", "PO20260105123456",
    "012345678905", "SKU 0001234567", "SKU-0012345678", "1 234 567 EUR", "ticket 2026-004512",
    "lat 52.520008", "192.168.100.200", "order 4500012345", "from 2025 2026", "3400/5600",
    "12345678", "1,234,567.89", "0.1234567 0.7654321", "order 4012 3456 7890",
    "ticket 4711 waited 15 22 30 44", "scores 10 9 8 7 6 5 4", "called 10 20 30 40 times",
]  # fmt: skip


@pytest.fixture
def small(write):
    return write()


class TestPseudonyms:
    @given(st.text(min_size=1), st.text(min_size=1))
    def test_the_same_for_the_same_and_another_for_another(self, one, other):
        assert pseudonym("account_id", one, KEY) == pseudonym("account_id", one, KEY)
        assert re.fullmatch("A-[0-9a-f]{12}", pseudonym("account_id", one, KEY))
        if one != other:
            assert pseudonym("account_id", one, KEY) != pseudonym("account_id", other, KEY)
        assert pseudonym("account_id", one, KEY) != pseudonym("account_id", one, KEY + "x")

    def test_the_engine_makes_the_same_ones(self, small):
        ids = open_dataset(small).tables["customers"].customer_id.execute()
        assert set(ids) == {pseudonym("customer_id", each, KEY) for each in "123"}

    def test_they_still_refer_to_one_another(self, small):
        hidden, raw = open_dataset(small), open_dataset(small, raw_ids=True)
        for data in (hidden, raw):
            rows = data.rows("surveys", "region", "channel").execute()
            assert rows.region.notna().all()
            assert rows.channel.notna().all()
        real = real_ids(raw, "account_id")
        assert dict(real) == {pseudonym("account_id", each, KEY): each for each in ("001", "002")}

    def test_filters_on_real_ids_and_on_pseudonyms_find_the_same(self, small):
        data = open_dataset(small)
        shown = pseudonym("customer_id", "1", KEY)
        for where in ("customer_id = '1'", f"customer_id IN ('{shown}', '1')"):
            assert int(data.filtered(where).tables["interactions"].count().execute()) == 1

    def test_pages_are_not_filtered_by_single_persons(self, small):
        with pytest.raises(ArgumentError, match="a filter on customer_id: pages are about groups"):
            open_dataset(small, where="region = 'EMEA' AND customer_id <> '1'")
        # Whoever may see the ids may filter by them.
        assert open_dataset(small, where="customer_id <> '1'", raw_ids=True).where

    def test_a_pseudonym_is_no_number_to_compare(self):
        with pytest.raises(ArgumentError, match="only pseudonyms are known"):
            with_pseudonyms(parse_filter("account_id > '1'")[0], {"account_id"}, KEY)

    def test_a_name_that_is_hidden_is_no_filter(self):
        with pytest.raises(ArgumentError, match="filter by account_id") as caught:
            with_pseudonyms(parse_filter("name = 'Acme'")[0], {"name"}, KEY)
        assert "Acme" not in str(caught.value)

    @pytest.mark.parametrize(
        "scope",
        ["account_id LIKE '00%'", "account_id > '001'", "name = '001'", "account_id is 001",
         "account_id = 001x AND", "note = 'ann001@x.io'"],
    )  # fmt: skip
    def test_a_scope_that_cannot_be_turned_is_concealed(self, write, scope):
        cycles = f'cycle_id,title,kpi,do_date,scope\nP,t,csat,2026-01-10,"{scope}"\n'
        data = open_dataset(write(cycles__csv=cycles))
        shown = data.tables["cycles"].scope.execute()[0]
        assert "001" not in shown
        assert "ann" not in shown
        with pytest.raises(ArgumentError) as caught:
            data.filtered(shown)
        assert "001" not in str(caught.value)

    def test_texts_of_the_settings_are_looked_through(self, write):
        toml = (
            'name = "S"\ndescription = "ask ann@x.io"\n'
            '[[tiers.overrides]]\naccount = "001"\ntier = "I"\nreason = "bob@x.io asked"\n'
            'until = 2027-01-01\n[[inventory]]\nwhat = "Tickets"\nproducer = "eve@x.io"\n'
        )
        config = open_dataset(write(dataset__toml=toml)).config
        assert config.description == "ask [e-mail address]"
        assert config.tiers.overrides[0].reason == "[e-mail address] asked"
        assert "eve" not in str(config.inventory)

    def test_overrides_and_scopes_are_turned_as_well(self, write):
        toml = (
            'name = "S"\n[[tiers.overrides]]\naccount = "001"\ntier = "I"\nreason = "x"\n'
            "until = 2027-01-01\n"
        )
        cycles = "cycle_id,title,kpi,do_date,scope\nP,t,csat,2026-01-10,account_id = '001'\n"
        data = open_dataset(write(dataset__toml=toml, cycles__csv=cycles))
        shown = pseudonym("account_id", "001", KEY)
        assert data.config.tiers.overrides[0].account == shown
        scope = data.tables["cycles"].scope.execute()[0]
        assert shown in scope
        assert "001'" not in scope
        assert int(data.filtered(scope).tables["accounts"].count().execute()) == 1

    def test_the_key_is_made_once_and_kept_to_its_owner(self, monkeypatch, tmp_path):
        monkeypatch.delenv(VARIABLE)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        first = pseudonym_key()
        assert len(first) == 64
        assert pseudonym_key() == first
        assert (tmp_path / "cx" / "pseudonym.key").stat().st_mode & 0o777 == 0o600

    def test_processes_that_begin_at_once_share_one_key(self, monkeypatch, tmp_path):
        monkeypatch.delenv(VARIABLE)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        code = "from cxlib.data.privacy.pseudonyms import pseudonym_key; print(pseudonym_key())"
        runs = [
            subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        assert len({run.communicate()[0] for run in runs}) == 1

    @pytest.mark.parametrize("content", ["", "short\n"])
    def test_a_file_without_a_key_is_refused(self, monkeypatch, tmp_path, content):
        monkeypatch.delenv(VARIABLE)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        (tmp_path / "cx").mkdir()
        (tmp_path / "cx" / "pseudonym.key").write_text(content)
        with pytest.raises(DataError, match=r"pseudonym\.key: must have at least 16 characters"):
            pseudonym_key()

    def test_a_short_key_is_refused(self, monkeypatch):
        monkeypatch.setenv(VARIABLE, "short")
        with pytest.raises(DataError, match="at least 16 characters"):
            pseudonym_key()


def shown(tmp_path_factory, columns: list[list[str]]) -> list[list[str]]:
    """Notes as pages show them: columns of contacts, four in a dataset, each looked through by itself."""
    found = []
    for start in range(0, len(columns), 4):
        notes = pd.DataFrame(columns[start : start + 4]).T.add_prefix("note ")
        notes.insert(0, "interaction_id", [f"i{number}" for number in notes.index])
        notes = notes.assign(customer_id="1", started_at="2026-01-05 09:00:00", channel="phone")
        folder = tmp_path_factory.mktemp("notes") / "dataset"
        write_dataset(folder, interactions__csv=notes.to_csv(index=False), surveys__csv=None)
        rows = open_dataset(folder).tables["interactions"].order_by("interaction_id").execute()
        found += [rows[name].tolist() for name in notes if name.startswith("note ")]
    return found


@pytest.fixture(scope="module")
def masked_notes(tmp_path_factory):
    """What is shown of each text that names a person, in a column of its own."""
    texts = [text for texts in NAMING.values() for text in texts]
    found = shown(tmp_path_factory, [[f"call me: {text}, please"] for text in texts])
    return {text: note for text, (note,) in zip(texts, found, strict=True)}


@pytest.fixture(scope="module")
def notes_beside(tmp_path_factory):
    """What is shown of each harmless text, in a column of its own with one that names a person."""
    found = shown(tmp_path_factory, [[text, "ann@x.io"] for text in HARMLESS])
    return dict(zip(HARMLESS, found, strict=True))


class TestFreeText:
    @pytest.mark.parametrize("text", [text for texts in NAMING.values() for text in texts])
    def test_what_names_a_person_is_masked(self, masked_notes, text):
        note = masked_notes[text]
        assert text not in note
        assert not set(re.findall(r"\d{3,}", text)) & set(re.findall(r"\d+", note))
        assert note.startswith("call me: [")
        assert note.endswith(", please")

    @pytest.mark.parametrize("text", HARMLESS)
    def test_other_texts_stay_as_they_are(self, notes_beside, text):
        assert masked_text(text) == text
        # Of two texts one holds a find, so that the column is looked through.
        assert text in notes_beside[text]

    @pytest.mark.parametrize(
        ("text", "masked"),
        [
            ("0171 1234567 8 am", "[] am"), ("room 12 0171 1234567", "room 12 []"),
            ("0171 1234567 0172 7654321", "[] []"), ("0171 1234567/0172 7654321", "[]/[]"),
            ("call at 9 612 345 678", "call at []"), ("tel: 12 34 56 78", "tel: []"),
            ("Tel+49 171 1234567", "Tel[]"), ("mobile 13812345678 13912345678", "mobile [] []"),
            ("555-123-4567 555-123-4568", "[] []"), ("06 12 34 56 78 9h", "[] 9h"),
            ("8123 4567 / 8123 4567", "[] / []"), ("ask for 12 - 40 61 23 45", "ask for 12 - []"),
        ],
    )  # fmt: skip
    def test_numbers_beside_other_digits_are_masked(self, text, masked):
        assert masked_text(text) == masked.replace("[]", "[phone number]")

    @pytest.mark.parametrize(
        ("text", "masked"),
        [
            ("paid 50 4111111111111111", "paid 50 []"), ("30 4111 1111 1111 1111", "30 []"),
            ("378282246310005 1234", "[] 1234"), ("cvc 345 4111 1111 1111 1111", "cvc 345 []"),
        ],
    )  # fmt: skip
    def test_cards_beside_other_digits_are_masked(self, text, masked):
        assert masked_text(text) == masked.replace("[]", "[card number]")

    def test_every_one_of_many_numbers_is_masked(self):
        text = " ".join(f"0171 {1_234_567 + 1_111 * number}" for number in range(40))
        assert masked_text(text) == " ".join(["[phone number]"] * 40)

    def test_a_number_beside_other_letters_is_masked(self):
        assert masked_text("请打电话13812345678联系我") == "请打电话[phone number]联系我"

    def test_values_of_a_category_stay_apart(self, write):
        header = "interaction_id,customer_id,started_at,channel,line\n"
        rows = "".join(
            f"a{number},1,2026-01-05 09:00:00,phone,0800 555 01{number % 2}1\n"
            for number in range(20)
        )
        data = open_dataset(write(interactions__csv=header + rows, surveys__csv=None))
        lines = data.tables["interactions"].line.execute()
        assert lines.str.fullmatch(r"\[phone number\] P-[0-9a-f]{6}").all()
        assert list(lines.value_counts()) == [10, 10]

    @given(st.text())
    def test_a_shape_has_the_length_and_nothing_else(self, text):
        shape = shape_of(text)
        assert len(shape) == len(text)
        assert not re.search(r"[^\W\d_x]|\d", shape)


def test_columns_are_marked_in_the_settings(write):
    text = (
        "interaction_id,customer_id,started_at,channel,caller\n"
        "a,1,2026-01-05,phone,Ann Lee\nb,2,2026-01-06,chat,Bob Ray\n"
    )
    accounts = "account_id,name\n001,Acme\n002,Best\n"
    toml = 'name = "S"\n[privacy]\npersonal = ["interactions.caller"]\npublic = ["accounts.name"]\n'
    files = {"interactions__csv": text, "accounts__csv": accounts, "surveys__csv": None}
    data = open_dataset(write(dataset__toml=toml, **files))
    assert data.tables["interactions"].caller.execute().str.fullmatch("P-[0-9a-f]{12}").all()
    assert set(data.tables["accounts"].name.execute()) == {"Acme", "Best"}
    hidden = open_dataset(write(dataset__toml='name = "S"\n', **files))
    called = hidden.tables["accounts"].execute()
    assert (called.name == called.account_id).all()


def test_a_number_that_is_marked_is_hidden_as_well(write):
    customers = "customer_id,account_id,phone\n1,001,4915100000001\n2,002,4915100000002\n3,002,\n"
    toml = 'name = "S"\n[privacy]\npersonal = ["customers.phone"]\n'
    data = open_dataset(write(dataset__toml=toml, customers__csv=customers))
    phones = data.tables["customers"].phone.execute()
    assert phones.dropna().str.fullmatch("P-[0-9a-f]{12}").all()
    assert phones.isna().sum() == 1


def test_a_setting_for_a_column_that_is_not_there_is_refused(write):
    toml = 'name = "S"\n[privacy]\npersonal = ["interactions.caler"]\n'
    with pytest.raises(DataError, match=r"there is no column interactions\.caler"):
        open_dataset(write(dataset__toml=toml))


def test_faults_show_the_shape_of_what_they_hold(write):
    text = "customer_id,account_id,birth_year\n1,001,ann@mail.org\n2,002,1970\n3,002,1980\n"
    data = open_dataset(write(customers__csv=text))
    assert set(data.faults[data.faults.table == "customers"].value) == {"xxx@xxxx.xxx"}


def test_dozens_of_columns_of_free_text_are_masked(write):
    """Each of them holds an address; masks are not stacked until nobody can put them into words."""
    names = [f"note_{number}" for number in range(60)]
    row = ",".join(["a", "1", "2026-01-05 09:00:00", "phone", *["call ann@x.io"] * len(names)])
    head = ",".join(["interaction_id", "customer_id", "started_at", "channel", *names])
    data = open_dataset(write(interactions__csv=f"{head}\n{row}\n", surveys__csv=None))
    shown = data.tables["interactions"].execute()[names].iloc[0]
    assert shown.str.startswith("call ").all()
    assert not shown.str.contains("ann").any()
