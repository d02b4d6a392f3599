"""The errors that a person can put right, each a single clear line."""


class CxError(Exception):
    """Something the user gave is wrong; the message says what, where and what to do."""

    def _render_traceback_(self) -> list[str]:
        # IPython's own hook: in a notebook, too, the reader gets the line and no traceback.
        return [f"{type(self).__name__}: {self}"]


class ArgumentError(CxError):
    """An argument, a parameter or a setting is wrong."""


class DataError(CxError):
    """A file or a table cannot be used as it stands."""


class MissingData(CxError):
    """The dataset is sound, but does not hold what this notebook or figure needs."""
