"""From a folder of files to validated tables."""

from cxlib.data.quarter import Quarter
from cxlib.lazily import offer

__all__ = ["Dataset", "Quarter", "open_dataset"]

# The engine takes a second to load; who asks only which files there are should not wait for it.
__getattr__, __dir__ = offer(
    __name__, dataset="Dataset", opening="open_dataset", own_kpis="with_kpi", quarantine="set_apart"
)
