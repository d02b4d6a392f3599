"""Filters on ids and names as filters on their pseudonyms, fit to be shown."""

from collections.abc import Collection

from cxlib.data.expressions import columns_of
from cxlib.data.filters import parse_filter
from cxlib.data.privacy.masks import masked_text
from cxlib.data.privacy.pseudonyms import LOOKS, pseudonym
from cxlib.errors import ArgumentError

CONCEALED = "…"


def with_pseudonyms(condition, hidden: Collection[str], key: str):
    """A filter's condition on real values as one on their pseudonyms.

    Args:
        condition: As `filters.parse_filter` gives it.
        hidden: The columns that hold pseudonyms.
        key: The secret.

    Raises:
        ArgumentError: It compares a pseudonym otherwise than with =, <> or IN, or an account's
            name, for which its id's pseudonym stands.
    """
    from sqlglot import exp

    condition = condition.copy()
    for column in condition.find_all(exp.Column):
        if column.name not in hidden or isinstance(column.parent, exp.Is):
            continue
        if not isinstance(column.parent, (exp.EQ, exp.NEQ, exp.In)):
            raise ArgumentError(
                f"a filter on {column.name}: only pseudonyms are known here; "
                "compare it with =, <> or IN, or open the dataset with raw_ids=True"
            )
        for literal in list(column.parent.find_all(exp.Literal)):
            if LOOKS.fullmatch(literal.name):
                continue
            if column.name == "name":
                raise ArgumentError(
                    "a filter on name: names are hidden here; filter by account_id, or let "
                    'dataset.toml say: privacy.public = ["accounts.name"]'
                )
            literal.set("this", pseudonym(column.name, literal.name, key))
            literal.set("is_string", True)
    return condition


def refuse_persons(where: str, hidden: Collection[str]) -> None:
    """Refuse a filter that is about single persons or accounts, or names them.

    Beside the page of the whole, one of all but a single customer would tell of that one; and pages
    show the filter that they stand for.

    Raises:
        ArgumentError: It is, or cannot be read.

    Examples:
        >>> refuse_persons("region = 'EMEA'", {"account_id"})
    """
    from sqlglot import exp

    for condition in parse_filter(where):
        if about := sorted(columns_of(condition) & set(hidden)):
            raise ArgumentError(
                f"a filter on {about[0]}: pages are about groups, not single persons or accounts; "
                "filter by what they are, or explore with open_dataset(…, raw_ids=True)"
            )
        if any(masked_text(each.name) != each.name for each in condition.find_all(exp.Literal)):
            raise ArgumentError(
                "a filter by what names a person, such as an e-mail address: it is masked in the "
                "data, and would stand on every page; filter by something else"
            )


def shown_scope(where: str, hidden: Collection[str], known: Collection[str], key: str) -> str:
    """A scope of the log of cycles likewise; what cannot be turned is concealed.

    A concealed scope matches no row, or cannot be read: its cycle says so, and not whom it meant.

    Args:
        where: The scope.
        hidden: The columns that hold pseudonyms.
        known: All columns of the dataset.
        key: The secret.

    Examples:
        >>> shown_scope("account_id LIKE 'ACME%'", {"account_id"}, {"account_id"}, "a key")
        "account_id LIKE '…'"
        >>> shown_scope("account_id is ACME", {"account_id"}, {"account_id"}, "a key")
        '…'
    """
    try:
        conditions = parse_filter(where)
    except ArgumentError:
        return CONCEALED
    if not all(columns_of(each) <= set(known) for each in conditions):
        return CONCEALED
    return " AND ".join(_turned(each, hidden, key) for each in conditions)


def _turned(condition, hidden: Collection[str], key: str) -> str:
    from sqlglot import exp

    try:
        condition = with_pseudonyms(condition, hidden, key)
        concealed = set()
    except ArgumentError:
        concealed = set(hidden)
    for literal in list(condition.find_all(exp.Literal)):
        compared = {each.name for each in literal.parent.find_all(exp.Column)}
        # Texts that name a person are masked in the columns as well, and no longer tell rows apart.
        if compared & concealed or masked_text(literal.name) != literal.name:
            literal.set("this", CONCEALED)
            literal.set("is_string", True)
    return condition.sql()
