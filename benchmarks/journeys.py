"""The page on journeys over one and ten million contacts: time, memory, and how both grow.

Run by `make bench`; `python benchmarks/journeys.py FOLDER` keeps the data there.
"""

import sys
import tempfile
from pathlib import Path

from report import BIN, QUARTER, peak_memory, seconds

from cxlib.demo.large import write_large_demo

SIZES = (1_000_000, 10_000_000)
CUSTOMERS_SHARE = 500  # contacts for each account, of three customers, in twelve quarters


def main(folder: Path) -> None:
    """Make the data, where they are not there yet, and publish the page of each size."""
    took = []
    for size in SIZES:
        data = folder / f"{size}"
        if not (data / "dataset.toml").exists():
            write_large_demo(data, size // CUSTOMERS_SHARE, size, 12, 2026)
        out = folder / f"pages of {size}"
        # Rows are read and validated once for all pages; the page on readiness does it first.
        command = f"{BIN}/cx report {QUARTER} --dataset {data} --out '{out}' --quiet --fresh --only"
        read = seconds(f"{command} data_readiness", folder)
        both = seconds(f"{command} data_readiness,journeys", folder)
        memory, _ = peak_memory(f"{command} journeys")
        took.append(both - read)
        print(
            f"{size:,} contacts: journeys {both - read:.0f} s beside readiness ({read:.0f} s), "
            f"{memory:,.0f} MB alone",
            flush=True,
        )
    print(f"ten times the contacts take {took[1] / took[0]:.1f} times as long")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
