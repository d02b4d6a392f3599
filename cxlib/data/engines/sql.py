"""Names and values as SQL writes them."""


def identifier(text: str) -> str:
    """A name as SQL's: in double quotes."""
    return '"' + text.replace('"', '""') + '"'


def quoted(value: object) -> str:
    """A value as a text literal of SQL."""
    return "'" + str(value).replace("'", "''") + "'"
