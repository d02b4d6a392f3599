"""The letters of a figure: text is text, whatever the data hold, in a font that has it."""

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import (
    FontEntry,
    FontProperties,
    findfont,
    findSystemFonts,
    fontManager,
    get_font,
)
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter

MISSING = "Some letters are missing: no font of this computer has them."
# What no picture may hold, or what only tells how its neighbours are joined.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]")
_TYPES = (".ttf", ".otf", ".ttc")
# Matplotlib's own, which has a box for every letter.
_LAST_RESORT = "Last Resort"


def make_drawable(canvas: Figure) -> None:
    """Let a figure's texts be drawn: without unseen signs, and in fonts that have their letters.

    Where no font of this computer has some, the figure says so at its foot.
    """
    for axis in canvas.findobj(Axis):
        formatter = axis.get_major_formatter()
        # What stands at the ticks is asked for anew whenever the figure is drawn.
        if isinstance(formatter, FuncFormatter):
            formatter.func = _seen_by(formatter.func)
        axis.get_ticklabels()
    texts = canvas.findobj(Text)
    for text in texts:
        text.set_text(seen(text.get_text()))
    wanted = frozenset("".join(text.get_text() for text in texts)) - {"\n"}
    families, missing = _families_for(wanted - _letters_of(findfont(FontProperties())))
    for text in texts if families else ():
        text.set_fontfamily([*text.get_fontfamily(), *families])
    if missing:
        canvas.supxlabel(MISSING, x=0.01, ha="left", fontsize=8, style="italic")


def seen(text: str) -> str:
    """A text without signs that nobody sees, and that break pictures.

    Examples:
        >>> seen("a\\x0bb"), seen("Refund ($20)")
        ('a b', 'Refund ($20)')
    """
    return _UNSEEN.sub(lambda sign: " " if sign[0] < "\x20" else "", text)


def _seen_by(write: Callable[[float, int], str]) -> Callable[[float, int], str]:
    return lambda value, place: seen(write(value, place))


@lru_cache(64)
def _families_for(letters: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Fonts that have these letters, as few as will do; and the letters that none has."""
    left = {each for each in letters if unicodedata.category(each)[0] not in "CM"}
    families = []
    while left:
        have = {font.name: left & _letters_of(font.fname) for font in _fonts()}
        best = max(sorted(have), key=lambda name: len(have[name]), default=None)
        if best is None or not have[best]:
            break
        families.append(best)
        left -= have[best]
    return tuple(families), frozenset(left)


@lru_cache(1)
def _fonts() -> tuple[FontEntry, ...]:
    known = {each.fname for each in fontManager.ttflist}
    # Matplotlib keeps a list, which knows nothing of fonts that came later.
    for file in set(findSystemFonts()) - known:
        with suppress(OSError, RuntimeError):
            fontManager.addfont(file)
    return tuple(
        each
        for each in fontManager.ttflist
        if each.style == "normal"
        and each.fname.lower().endswith(_TYPES)
        and not each.name.startswith(_LAST_RESORT)
    )


@lru_cache(2_000)
def _letters_of(file: str) -> frozenset[str]:
    try:
        font = get_font(file)
    except (OSError, RuntimeError):
        return frozenset()  # such as one of coloured pictures, which cannot be drawn from
    return frozenset(map(chr, font.get_charmap()))
