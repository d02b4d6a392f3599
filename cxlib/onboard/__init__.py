"""From raw exports to a first mapping: `cx init` and `cx sql`; nothing else uses it."""

from cxlib.lazily import offer

__getattr__, __dir__ = offer(__name__, form="begin_form", start="begin")
