"""What became of a table's rows."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Intake:
    """What became of a table's rows: `read == used + quarantined`, always.

    Attributes:
        file: Name of the file that was read.
        missing: Optional columns of the contract that the file does not have.
        attributes: Further columns, with the type that they were read as.
    """

    table: str
    file: str
    read: int
    used: int
    quarantined: int
    missing: tuple[str, ...]
    attributes: Mapping[str, str]
