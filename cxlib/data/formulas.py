"""Cells that a spreadsheet would take for formulas."""

MARKS = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula: such a text gets a leading apostrophe.

    Examples:
        >>> harmless("=1+1"), harmless(-5), harmless("EMEA")
        ("'=1+1", -5, 'EMEA')
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(MARKS) else cell
