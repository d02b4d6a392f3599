"""Names and values as SQL writes them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """How an engine writes what others write otherwise.

    Attributes:
        mark: What stands around a name.
        double: The type of a number with a fraction.
    """

    mark: str
    double: str

    def name(self, text: str) -> str:
        """A name, whatever is in it."""
        return identifier(text, self.mark)

    def number(self, text: str) -> str:
        """A value as a number with a fraction."""
        return f"CAST({text} AS {self.double})"


DIALECTS = {
    "duckdb": Dialect('"', "DOUBLE"),
    "postgres": Dialect('"', "DOUBLE PRECISION"),
    "pyspark": Dialect("`", "DOUBLE"),
}


def identifier(text: str, mark: str = '"') -> str:
    """A name as SQL's: in double quotes, or in an engine's own."""
    return mark + text.replace(mark, mark * 2) + mark


def quoted(value: object) -> str:
    """A value as a text literal of SQL."""
    return "'" + str(value).replace("'", "''") + "'"
