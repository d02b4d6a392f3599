"""Small pictures that stand beside words."""

from collections.abc import Mapping
from types import MappingProxyType

# Each drawn with one line in a square of 24.
PATHS: Mapping[str, str] = MappingProxyType(
    {
        "phone": "M7 3l3 6-2 2c1 3 3 5 5 6l2-2 6 3c0 3-2 4-4 4C10 21 3 14 3 7c0-2 1-4 4-4z",
        "chat": "M3 4h18v12H11l-5 5v-5H3z",
        "mail": "M3 5h18v14H3zM3 6l9 7 9-7",
        "web": "M3 4h18v13H3zM9 21h6M12 17v4",
        "person": "M12 3a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 21c0-5 4-8 8-8s8 3 8 8",
    }
)
# Channels by what a picture of them would show.
SHOWN_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "phone": ("phone", "call", "voice"),
        "chat": ("chat", "message", "sms", "whatsapp"),
        "mail": ("mail", "letter", "post"),
        "web": ("web", "portal", "form", "app", "online"),
    }
)


def icon_of(channel: str) -> str:
    """The picture of a channel; of a person where there is none.

    Examples:
        >>> icon_of("Phone call"), icon_of("branch")
        ('phone', 'person')
    """
    known = (name for name, words in SHOWN_BY.items() if any(w in channel.lower() for w in words))
    return next(known, "person")


def icon(name: str) -> str:
    """A picture as SVG; it says nothing that the words beside it do not."""
    path = PATHS.get(name, PATHS["person"])
    return (
        '<svg class="icon" viewBox="0 0 24 24" width="26" height="26" fill="none" '
        f'stroke="#6b7079" stroke-width="1.6" aria-hidden="true"><path d="{path}"/></svg>'
    )
