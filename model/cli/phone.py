"""The verb that writes the deployed model as an app for a phone."""

from datetime import date
from pathlib import Path

import click

from data.json_types import Json
from model.cli.book import book_option
from model.cli.paper import deployed_model
from model.cli.terminal import answer, json_option
from model.export.phone.package import DAYS, phone_package, write_package
from model.report.release import words
from model.signing import UNSIGNED, Signature, SigningKey


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--key", type=click.Path(dir_okay=False, path_type=Path), help="Sign it: a file with an Ed25519 private key in PEM."
)
@click.option("--expires", "days", type=int, default=DAYS, show_default=True, help="For how many days it is good.")
@book_option
@json_option
def phone(folder: Path, key: Path | None, days: int, book: str, as_json: bool) -> None:
    """Write the deployed model as an app for a phone into DIR, to be served over https."""
    signer = None if key is None else SigningKey.read(key)
    package = phone_package(deployed_model(book), day=date.today(), key=signer, days=days)
    write_package(folder, package)
    result = {
        "path": str(folder),
        "release": package.release,
        "bytes": package.size,
        "expires": package.expires.isoformat(),
        "signed_by": package.fingerprint,
    }
    answer(result, as_json, _told)


def _told(result: Json) -> str:
    signed = words.signature(Signature("signed", result["signed_by"]) if result["signed_by"] else UNSIGNED)
    size = f"{result['bytes'] / 1e6:.2f} MB"
    return f"{result['path']}: {size}, release {result['release']}, good until {result['expires']}, {signed}."
