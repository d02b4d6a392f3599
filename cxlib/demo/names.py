"""Names of invented companies."""

import numpy as np

FIRST = (
    "Alder", "Amber", "Arden", "Beacon", "Birch", "Bramble", "Cedar", "Clover", "Copper", "Coral",
    "Dale", "Ember", "Fennel", "Granite", "Harbour", "Hazel", "Heron", "Indigo", "Juniper", "Kestrel",
    "Larch", "Linden", "Maple", "Marlow", "Meadow", "Nettle", "Oakley", "Orchard", "Pebble", "Quarry",
    "Raven", "Rowan", "Saffron", "Sable", "Thistle", "Umber", "Vale", "Willow", "Yarrow", "Zephyr",
)  # fmt: skip
SECOND = (
    "bridge", "brook", "bury", "cliff", "combe", "croft", "dene", "field", "ford", "gate",
    "grove", "haven", "hurst", "lake", "leigh", "mere", "mill", "moor", "point", "ridge",
    "shore", "stead", "stone", "view", "well", "wick", "wood", "worth",
)  # fmt: skip
FORM = ("Group", "Works", "Partners", "Systems", "Trading", "Holdings")


def account_names(rng: np.random.Generator, count: int) -> list[str]:
    """Invented company names; each is different."""
    stems = np.array([first + second for first in FIRST for second in SECOND], dtype=object)
    names = np.array([f"{stem} {form}" for form in FORM for stem in stems], dtype=object)
    chosen = rng.permutation(len(names))[np.arange(count) % len(names)]
    again = np.arange(count) // len(names)
    return [f"{names[i]} {n + 1}" if n else names[i] for i, n in zip(chosen, again, strict=True)]
