"""Files of Office with nothing in them but what was written: the same paper gives the same bytes at any time."""

import re
from datetime import date
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a ZIP archive can name
STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")


def settled(content: bytes, day: date) -> bytes:
    """A .docx, .pptx or .xlsx file, and those within it, made on a ``day`` and at no time of it."""
    written = BytesIO()
    with ZipFile(BytesIO(content)) as given, ZipFile(written, "w", ZIP_DEFLATED) as kept:
        for name in given.namelist():
            part = given.read(name)
            if name.endswith(".xlsx"):
                part = settled(part, day)
            elif name == "docProps/core.xml":
                part = STAMP.sub(rb"\g<1>" + f"{day.isoformat()}T00:00:00Z".encode() + rb"\g<2>", part)
            kept.writestr(ZipInfo(name, EARLIEST), part, ZIP_DEFLATED)
    return written.getvalue()
