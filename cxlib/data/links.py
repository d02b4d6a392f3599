"""How the contract's tables hang together, and columns of one table seen from another."""

from collections.abc import Container, Iterable, Mapping

import ibis.expr.types as ir

# Where a table's rows find further columns: (the column that refers, the table it refers to),
# nearest first. A column name means the nearest column of that name.
LINKS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "accounts": (),
    "customers": (("account_id", "accounts"),),
    "interactions": (("customer_id", "customers"), ("account_id", "accounts")),
    "counts": (),
    "surveys": (
        ("interaction_id", "interactions"),
        ("customer_id", "customers"),
        ("account_id", "accounts"),
    ),
    "revenue": (("account_id", "accounts"),),
    "followups": (("response_id", "surveys"),),
    "events": (("customer_id", "customers"), ("account_id", "accounts")),
    "complaints": (("customer_id", "customers"), ("account_id", "accounts")),
}


def reachable(
    tables: Mapping[str, ir.Table], missing: Mapping[str, Container[str]], table: str
) -> dict[str, str]:
    """Every column that a table's rows can be described by, and the table that holds it.

    Args:
        tables: The tables.
        missing: The columns of each that no file brought; they are there, but empty.
        table: Whose rows are described.
    """
    homes = {name: table for name in tables[table].columns if name not in missing[table]}
    for key, target in LINKS.get(table, ()):
        # The account is reached through the customer, so the key may come with another table.
        if target in tables and key in homes:
            columns = [name for name in tables[target].columns if name not in missing[target]]
            homes |= {name: target for name in columns if name not in homes}
    return homes


def widen(
    tables: Mapping[str, ir.Table], homes: Mapping[str, str], table: str, wanted: Iterable[str]
) -> ir.Table:
    """A table's rows with the wanted columns of the tables that they refer to.

    No row is lost or doubled: what is referred to has one row per id.
    """
    rows = tables[table]
    away = {name: homes[name] for name in wanted if homes.get(name, table) != table}
    # An account is reached through its customer, so the customer's account_id comes along.
    if "accounts" in away.values() and "account_id" not in rows.columns:
        away["account_id"] = "customers"
    for key, target in LINKS.get(table, ()):
        columns = [name for name, home in away.items() if home == target]
        if columns:
            # An empty column of the same name, which no file brought, makes way.
            rows = rows.drop(*(name for name in columns if name in rows.columns and name != key))
            side = tables[target].select(key, *(name for name in columns if name != key))
            rows = rows.left_join(side, key).drop(f"{key}_right")
    return rows
