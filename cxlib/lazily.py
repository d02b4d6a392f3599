"""What a folder offers by name; it is loaded when it is used."""

from collections.abc import Callable
from importlib import import_module


def offer(package: str, **modules: str) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package that offers what its modules hold.

    Args:
        package: Its `__name__`.
        modules: For each of its modules, the names that it gives, with spaces between them.

    Examples:
        >>> load, names = offer("cxlib.measure", estimate="Estimate CONFIDENCE")
        >>> load("Estimate").__name__, names()
        ('Estimate', ['CONFIDENCE', 'Estimate'])
    """
    home = {name: module for module, names in modules.items() for name in names.split()}

    def load(name: str) -> object:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{home[name]}"), name)

    return load, lambda: sorted(home)
