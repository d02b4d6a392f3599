"""Where the numbers of an edition come from, as the foot of each of its pages says it."""

from importlib.metadata import version

from cxlib.batch.edition import Source

SHOWN_VERSIONS = (
    "cxlib",
    "pandas",
    "ibis-framework",
    "duckdb",
    "statsmodels",
    "scikit-learn",
    "papermill",
)


def versions() -> dict[str, str]:
    """The versions of what made the numbers."""
    return {name: version(name) for name in SHOWN_VERSIONS}


def provenance(source: Source) -> tuple[tuple[str, str], ...]:
    """Where an edition's numbers come from, in lines of label and value."""
    total = {
        kind: sum(each[kind] for each in source.rows.values()) for kind in ("used", "quarantined")
    }
    whole = f" (it says nothing of {', '.join(source.unfiltered)})" if source.unfiltered else ""
    return (
        ("Quarter", source.quarter),
        ("Dataset", f"{source.name} (fingerprint {source.fingerprint})"),
        ("Filter", f"{source.where}{whole}" if source.where else "none: all rows"),
        ("Rows", f"{total['used']:,} used, {total['quarantined']:,} set apart"),
        ("Versions", ", ".join(f"{name} {number}" for name, number in versions().items())),
    )
