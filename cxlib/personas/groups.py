"""What groups of customers do: by which channel, whether to buy or to use, and for whom.

A group is a label per customer, such as their persona. Shares of contacts are ratios over
customers, shares of customers and of revenue are ratios over accounts, with the intervals of
`intervals.py`.
"""

from datetime import datetime

import numpy as np
import pandas as pd

from cxlib.data import Dataset
from cxlib.measure import intervals
from cxlib.measure.rows import within

# On the way to a purchase, a customer buys; from its receipt on, they use.
BUYING = ("need", "research", "select", "purchase")
# Of fewer customers, nobody learns what they prefer.
FEWEST = 10


def contact_counts(
    data: Dataset, groups: pd.Series, start: datetime, end: datetime
) -> pd.DataFrame:
    """How many contacts each customer had by channel at each touchpoint.

    Args:
        data: The dataset.
        groups: The group of each customer, by `customer_id`; missing for none.
        start, end: The window.

    Returns:
        group, customer_id, touchpoint, channel, contacts; without customers of no group, and
        without contacts whose touchpoint is not known.
    """
    columns = ["group", "customer_id", "touchpoint", "channel", "contacts"]
    if data.lacks("interactions", "touchpoint"):
        return pd.DataFrame(columns=columns)
    rows = within(data.rows("interactions"), "started_at", start, end)
    rows = rows.filter(rows.touchpoint.notnull())
    counts = rows.group_by("customer_id", "touchpoint", "channel").agg(contacts=rows.count())
    table = counts.execute()
    table["group"] = table.customer_id.map(groups)
    order = ["group", "customer_id", "touchpoint", "channel"]
    return table.dropna(subset="group").sort_values(order, ignore_index=True)[columns]


def preferred_channels(counts: pd.DataFrame) -> pd.DataFrame:
    """The channel that each group uses most at each touchpoint.

    The first channel is called clear where it is ahead of the second at 5%; that test stays valid
    although the two were picked for being first and second (Hung and Fithian 2019, *Annals of
    Statistics* 47).

    Args:
        counts: As `contact_counts` gives them.

    Returns:
        A row per group and touchpoint with contacts of at least `FEWEST` customers: group,
        touchpoint, channel, share (of the group's contacts at the touchpoint), low, high, second
        (the next channel, empty if there is none), clear, customers, contacts.
    """
    rows = []
    for (group, touchpoint), part in counts.groupby(["group", "touchpoint"]):
        wide = part.pivot(index="customer_id", columns="channel", values="contacts").fillna(0)
        if len(wide) < FEWEST:
            continue
        order = wide.sum().sort_values(ascending=False, kind="stable").index
        every = wide.sum(axis=1).to_numpy()
        first = wide[order[0]].to_numpy()
        second = wide[order[1]].to_numpy() if len(order) > 1 else np.zeros(len(wide))
        share, low, high = intervals.share_of(first, every)
        ahead, spread = intervals.ratio_of(first - second, every)
        bar = spread.reach()
        rows.append(
            (group, touchpoint, order[0], share, low, high,
             order[1] if len(order) > 1 else "", bool(ahead > bar), len(wide), int(every.sum()))
        )  # fmt: skip
    columns = ["group", "touchpoint", "channel", "share", "low", "high", "second", "clear",
               "customers", "contacts"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def buying_shares(counts: pd.DataFrame) -> pd.DataFrame:
    """The share of each group's contacts that lie on the way to a purchase (`BUYING`).

    Returns:
        A row per group with contacts of at least `FEWEST` customers: group, share, low, high,
        customers.
    """
    rows = []
    for group, part in counts.groupby("group"):
        buying = part.contacts.where(part.touchpoint.isin(BUYING), 0)
        bought = buying.groupby(part.customer_id).sum()
        every = part.groupby("customer_id").contacts.sum()
        if len(every) >= FEWEST:
            share, low, high = intervals.share_of(bought.to_numpy(), every.to_numpy())
            rows.append((group, share, low, high, len(every)))
    return pd.DataFrame(rows, columns=["group", "share", "low", "high", "customers"])


def accounts_of(data: Dataset, groups: pd.Series, start: datetime, end: datetime) -> pd.DataFrame:
    """How many active customers of each group every account has, and what it has booked.

    Args:
        data: The dataset.
        groups: The group of each active customer, by `customer_id`; missing for none.
        start, end: The window of the bookings.

    Returns:
        Indexed by `account_id`: a column per group with the number of its customers; `customers`,
        all that are active; `revenue`, NaN where the dataset has no bookings.
    """
    people = data.rows("customers").select("customer_id", "account_id").execute()
    people = people.set_index("customer_id").account_id.reindex(groups.index)
    everyone = people.value_counts()
    table = pd.crosstab(people, groups)
    table = table.reindex(everyone.sort_index().index, fill_value=0)
    table["customers"] = everyone
    table["revenue"] = _booked(data, start, end).reindex(table.index)
    if data.has("revenue"):
        table["revenue"] = table.revenue.fillna(0.0)
    return table


def revenue_shares(accounts: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The revenue of each group's accounts, each account's divided evenly among its customers.

    Args:
        accounts: As `accounts_of` gives them.
        names: The groups.

    Returns:
        A row per group: group, amount, share (of the revenue of accounts with active customers),
        low, high, per_customer, per_low, per_high.
    """
    known = accounts[accounts.revenue.notna()]
    rows = []
    for name in names if known.revenue.sum() > 0 else []:
        mine = (known.revenue * known[name] / known.customers).to_numpy()
        total = known.revenue.to_numpy()
        share, spread = intervals.ratio_of(mine, total)
        low, high = intervals.t_interval(share, spread)
        each, per = intervals.ratio_of(mine, known[name].to_numpy(dtype=float))
        reach = intervals.t_interval(each, per)
        rows.append((name, mine.sum(), share, float(low), float(high), each, *map(float, reach)))
    columns = ["group", "amount", "share", "low", "high", "per_customer", "per_low", "per_high"]
    return pd.DataFrame(rows, columns=columns)


def shares_by(accounts: pd.DataFrame, names: list[str], kinds: pd.Series) -> pd.DataFrame:
    """Which groups the customers of each kind of account belong to, such as those of each tier.

    Args:
        accounts: As `accounts_of` gives them.
        names: The groups.
        kinds: The kind of each account, by `account_id`.

    Returns:
        A row per kind and group: kind, group, share (of the kind's active customers), low, high,
        elsewhere, elsewhere_low, elsewhere_high (the same for all other kinds; NaN if there are
        none), present (share of its accounts with a customer of the group), customers, accounts.
    """
    kinds, rows = kinds.reindex(accounts.index), []
    for kind in sorted(kinds.dropna().unique()):
        part, rest = accounts[kinds == kind], accounts[kinds.notna() & (kinds != kind)]
        for name in names:
            shares = [intervals.share_of(side[name], side.customers) for side in (part, rest)]
            present = float((part[name] > 0).mean())
            rows.append(
                (kind, name, *shares[0], *shares[1], present, int(part.customers.sum()), len(part))
            )
    columns = ["kind", "group", "share", "low", "high", "elsewhere", "elsewhere_low",
               "elsewhere_high", "present", "customers", "accounts"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _booked(data: Dataset, start: datetime, end: datetime) -> pd.Series:
    if data.lacks("revenue", "account_id"):
        return pd.Series(dtype=float)
    rows = within(data.rows("revenue"), "booked_at", start, end)
    booked = rows.group_by("account_id").agg(amount=rows.amount.sum()).execute()
    return booked.set_index("account_id").amount
