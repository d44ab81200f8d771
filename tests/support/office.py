"""LibreOffice, asked to open a file and print it: what an office other than the one that a file is meant for sees."""

import subprocess
from pathlib import Path


def printed(files: list[Path], place: Path) -> dict[str, list[str]]:
    """The pages of each file as LibreOffice prints it, as texts, by the file's name."""
    profile = (place / "profile").resolve().as_uri()
    command = ["soffice", "--headless", f"-env:UserInstallation={profile}", "--convert-to", "pdf", "--outdir"]
    subprocess.run([*command, str(place), *map(str, files)], check=True, capture_output=True, timeout=300)
    return {each.name: pages_of(place / f"{each.stem}.pdf") for each in files}


def pages_of(pdf: Path) -> list[str]:
    """The texts of a PDF's pages, as Poppler reads them."""
    read = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, timeout=60)
    return read.stdout.decode().split("\f")[:-1]


def pictures_of(pdf: Path, place: Path) -> list[bytes]:
    """The pages of a PDF as pictures, grey values of each pixel after a head of three lines (PGM)."""
    subprocess.run(["pdftoppm", "-r", "40", "-gray", str(pdf), str(place / pdf.stem)], check=True, timeout=60)
    return [each.read_bytes() for each in sorted(place.glob(f"{pdf.stem}-*.pgm"))]
