"""A published page as a PDF, printed by Chromium where it is installed."""

import re
import shutil
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

from cxlib.errors import CxError

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS = 120
# Which moment a PDF says it was made at; as many letters as another.
MOMENT = re.compile(rb"D:\d{14}[+\-Z]\d{2}'\d{2}'")


def find_browser() -> str:
    """The browser that prints.

    Raises:
        CxError: None is installed.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        raise CxError("--to pdf: Chromium is not installed; install it, or leave pdf out")
    return found


def printed(page: Path, moment: datetime) -> bytes:
    """A page as a PDF; the same page gives the same bytes.

    Args:
        page: The file.
        moment: When it was made, as far as the PDF is to say.

    Raises:
        CxError: There is no browser, or it could not print.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "page.pdf"
        command = [
            find_browser(), "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}",
            page.resolve().as_uri(),
        ]  # fmt: skip
        try:
            run = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CxError(f"{page.name}: could not be printed: {error}") from None
        if not target.is_file():
            lines = run.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise CxError(f"{page.name}: could not be printed: {lines[-1]}")
        said = moment.strftime("D:%Y%m%d%H%M%S+00'00'").encode()
        return MOMENT.sub(lambda _: said, target.read_bytes())
