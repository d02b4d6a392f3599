"""What every page shows with: findings, figures, tables, and how numbers are written."""

from cxlib.lazily import offer

__getattr__, __dir__ = offer(__name__, withheld="withheld_table")
