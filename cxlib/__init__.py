"""Customer-experience analytics in notebooks.

`import cxlib as cx`, then `data = cx.open_dataset("data/demo", "2026Q3")`. `cx.measure(data, …)`
gives KPIs with their intervals; each subject, such as `cx.account_tiers`, what its notebook shows.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from cxlib.lazily import offer

_load, _names = offer(
    __name__,
    **{
        "batch.export": "export",
        "data.opening": "open_dataset",
        "data.quarter": "Quarter",
        "page.plot": "plot",
        "page.section": "Section",
        "page.table": "save_table",
    },
)


def __getattr__(name: str):
    # Folders are loaded when they are used: together they take seconds.
    return import_module(f"cxlib.{name}") if find_spec(f"cxlib.{name}") else _load(name)


def __dir__() -> list[str]:
    folders = (each.parent.name for each in Path(__file__).parent.glob("*/__init__.py"))
    return sorted([*folders, *_names()])
