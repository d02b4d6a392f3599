"""How parts look: pages have a style sheet; JupyterLab has none, and is told in place."""

from collections.abc import Mapping
from types import MappingProxyType

from cxlib.page.carry import in_report

# As the pages' style sheet has it.
BY_ITSELF: Mapping[str, str] = MappingProxyType(
    {
        "finding": "border-left:4px solid #0072B2;padding-left:.7em;max-width:48em",
        "finding quiet": "border-left:4px solid #d9dce1;padding-left:.7em;max-width:48em",
        "number": "text-align:right",
        "text": "text-align:left",
    }
)


def look(kind: str) -> str:
    """The attributes of a part that is of some kind.

    Examples:
        >>> look("text")
        ' class="text" style="text-align:left"'
    """
    return f' class="{kind}"' + ("" if in_report() else f' style="{BY_ITSELF[kind]}"')
