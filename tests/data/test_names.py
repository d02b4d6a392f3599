"""Names in what customers write: planted in three languages, and real text without any."""

import numpy as np
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.data.privacy.names import NAME, known_words, small_words, without_names
from tests.conftest import SHARED

FIRST = ["Anna", "Jürgen", "Zoë", "Marie-Claire", "Björn", "Siobhán", "Fátima", "Tom", "Łukasz"]
LAST = ["Keller", "O'Brien", "Müller-Lüdenscheid", "Dupont", "van der Berg", "Nguyễn", "Weiß"]
SAID = (
    "My name is {} and nobody called me back.", "I spoke to {}, who was very kind.",
    "Thanks to {} it works again!", "Your colleague {} could not help.",
    "The agent {} hung up on me.", "Mrs. {} promised an answer.", "It was fixed. Regards, {}",
    "Ich heiße {} und warte seit Tagen.", "Ich habe mit {} gesprochen.",
    "Ihre Kollegin {} war sehr nett.", "Herr {} hat mir geholfen.", "Dank an {}!",
    "Das ging schnell. Mit freundlichen Grüßen {}", "Je m'appelle {} et j'attends toujours.",
    "J'ai parlé avec {} hier.", "Merci à {} pour son aide.", "Votre conseillère {} est parfaite.",
    "Madame {} n'a pas rappelé.", "Tout est réglé. Cordialement, {}",
)  # fmt: skip


def test_names_that_texts_present_are_masked_in_three_languages():
    """Recall of at least 95% over all forms and names."""
    rng, found, tried = np.random.default_rng(1), 0, 0
    small = small_words(said.format("x") for said in SAID)
    for said in SAID:
        for _ in range(12):
            first, last = rng.choice(FIRST), rng.choice(LAST)
            name = rng.choice([first, last, f"{first} {last}"])
            masked = without_names(said.format(name), (), small)
            tried += 1
            found += NAME in masked and not any(part in masked for part in name.split())
            # All else stays as it was written.
            assert masked.startswith(said.split("{}")[0].split(" ")[0])
    assert found / tried >= 0.95


def test_known_names_are_masked_wherever_they_stand():
    known = known_words(["Anna Keller", "KAM 03", "EMEA live 4", "Big Blue Office Supplies Ltd"])
    assert known == {"Anna", "Keller"}
    assert (
        without_names("Keller again, not anna's fault", known) == f"{NAME} again, not anna's fault"
    )


def test_text_without_names_is_left_as_it_is():
    """No false mask in more than 1 of 1,000 words of Portuguese reviews and of demonstration text."""
    if not SHARED.exists():
        pytest.skip("the real data are not beside the project")
    frame = pd.read_csv(SHARED / "data" / "olist" / "olist_order_reviews_dataset.csv")
    texts = list(frame.review_comment_message.dropna())
    small, words = small_words(texts), sum(len(each.split()) for each in texts)
    masks = sum(without_names(each, (), small).count(NAME) for each in texts)
    assert masks / words <= 0.001


def test_the_demonstrations_comments_name_nobody(demo):
    texts = list(demo.tables["surveys"].verbatim.dropna().unique())
    small = small_words(texts)
    assert [each for each in texts if without_names(each, (), small) != each] == []


def test_a_dataset_hands_out_comments_without_names(tmp_path):
    (tmp_path / "dataset.toml").write_text(
        'name = "Names"\n[privacy]\npublic = ["surveys.verbatim"]\n'
    )
    (tmp_path / "customers.csv").write_text("customer_id,account_id\n1,1\n")
    (tmp_path / "interactions.csv").write_text(
        "interaction_id,customer_id,started_at,channel,agent_id\na,1,2026-07-01,phone,Ruth Adeyemi\n"
    )
    (tmp_path / "surveys.csv").write_text(
        "response_id,customer_id,sent_at,metric,score,verbatim\n"
        'r1,1,2026-07-02,csat,5,"Adeyemi was great, mail me at tom@mail.org"\n'
        'r2,1,2026-07-03,csat,1,"I spoke to Carl Jones for an hour"\n'
    )
    texts = open_dataset(tmp_path, "2026Q3").frame("surveys").verbatim.tolist()
    assert texts == [f"{NAME} was great, mail me at [e-mail address]",
                     f"I spoke to {NAME} for an hour"]  # fmt: skip
