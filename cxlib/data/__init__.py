"""From a folder of files to validated tables."""

from importlib import import_module

from cxlib.data.quarter import Quarter

__all__ = ["Dataset", "Quarter", "open_dataset"]

# The engine takes a second to load; who asks only which files there are should not wait for it.
_LATER = {"Dataset": "cxlib.data.dataset", "open_dataset": "cxlib.data.opening"}


def __getattr__(name: str):
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
