"""The same content gives the same bytes: archives without the moment at which they were packed."""

import io
import re
import zipfile
from datetime import datetime

# The earliest moment that a ZIP archive can hold.
FIRST = (1980, 1, 1, 0, 0, 0)
MOMENT = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def steadied(archive: bytes, moment: datetime) -> bytes:
    """An Office file packed anew, with one moment in place of all that it was made and packed at.

    Args:
        archive: The file; workbooks within it are packed anew as well.
        moment: When it was made, as far as the file is to say.
    """
    said, target = moment.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name.endswith(".xlsx"):
                content = steadied(content, moment)
            elif name == "docProps/core.xml":
                content = MOMENT.sub(lambda found: found[1] + said, content)
            entry = zipfile.ZipInfo(name, FIRST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, content)
    return target.getvalue()
