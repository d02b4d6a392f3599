"""Who there is, where no file lists them: whoever rows name, and stand-ins for nobody known."""

from collections.abc import Sequence

from cxlib.data.marks import UNSURE
from cxlib.onboard.guess import Guess
from cxlib.onboard.lines import UNKNOWN, Writer


def derived_customers(found: Sequence[Guess], writer: Writer) -> str:
    """Customers: whoever made contact, answered or bought; and stand-ins for who is not known."""
    parts, strange = [], False
    for guess in found:
        if guess.table not in ("interactions", "surveys"):
            continue
        own, known = writer.customer(guess)
        strange = strange or known != "true"
        parts.append(
            f"SELECT DISTINCT {own} AS customer_id, {known} AS known FROM {guess.file.rows_sql}"
        )
    if not parts:
        # Without contacts, those who buy are the customers.
        parts = [_distinct(each, "account_id", "customer_id", writer) for each in found
                 if each.table == "revenue" and "account_id" in each.columns]  # fmt: skip
    if not parts:
        return ""
    body = "\n    UNION\n".join(f"    {part}" for part in parts)
    head = "-- No file lists the customers: they are whoever the rows name.\n"
    if not strange:
        body = body.replace(", true AS known", "").replace(
            "customer_id AS customer_id", "customer_id"
        )
        lines = (
            f"    customer_id,\n    customer_id AS account_id  -- {UNSURE}: is each "
            "customer an account of their own?\n"
        )
    else:
        head += (
            "-- Who is not known gets a stand-in, who is no customer: waiting and "
            "handling count them.\n"
        )
        account = f"CASE WHEN known THEN customer_id ELSE '{UNKNOWN}' END AS account_id"
        lines = (
            f"    customer_id,\n    {account},  -- {UNSURE}: is each customer an "
            "account of their own?\n    known\n"
        )
    return f"{head}WITH people AS (\n{body}\n)\n\nSELECT\n{lines}FROM people\n"


def derived_accounts(found: Sequence[Guess], writer: Writer) -> str:
    """Accounts: whoever pays or, in a consumer business, whoever asks."""
    listed = [each for each in found if each.table == "customers"]
    payers = [each for each in found if each.table == "revenue" and "account_id" in each.columns]
    parts = [_distinct(each, "account_id", "account_id", writer) for each in (*payers, *listed)
             if "account_id" in each.columns]  # fmt: skip
    if not any("account_id" in each.columns for each in listed):
        for guess in found:
            if guess.table in ("interactions", "surveys"):
                own, known = writer.customer(guess)
                who = (
                    own if known == "true" else f"CASE WHEN {known} THEN {own} ELSE '{UNKNOWN}' END"
                )
                who = f"'{UNKNOWN}'" if known == "false" else who
                parts.append(f"SELECT DISTINCT {who} AS account_id FROM {guess.file.rows_sql}")
            elif guess.table == "customers":
                parts.append(_distinct(guess, "customer_id", "account_id", writer))
    if not parts:
        return ""
    body = "\n    UNION\n".join(f"    {part}" for part in dict.fromkeys(parts))
    return (
        f"-- {UNSURE}: no file lists the accounts; they are whoever the rows name.\n"
        f"WITH payers AS (\n{body}\n)\n\nSELECT account_id\nFROM payers\n"
    )


def _distinct(guess: Guess, column: str, name: str, writer: Writer) -> str:
    own = writer.id_of(guess.columns[column], column)
    named = own if own == name else f"{own} AS {name}"
    return f"SELECT DISTINCT {named} FROM {guess.file.rows_sql} WHERE {own} IS NOT NULL"


def stand_ins(found: Sequence[Guess], writer: Writer) -> str:
    """The stand-ins to put to a list of customers, for rows that name nobody; empty if all do."""
    parts = []
    for guess in found:
        if guess.table in ("interactions", "surveys"):
            own, known = writer.customer(guess)
            if known != "true":
                parts.append(
                    f"UNION ALL BY NAME\nSELECT DISTINCT {own} AS customer_id, '{UNKNOWN}' "
                    "AS account_id, "
                    f"false AS known\nFROM {guess.file.rows_sql}\nWHERE NOT ({known})\n"
                )
    return "".join(parts)
