"""A release taken over from the server that has it deployed."""

import io
import zipfile
from urllib.parse import quote

from data.books import Book
from model.deployed.remote import RemoteScorer
from model.errors import ReleaseError
from model.release.release import Release
from model.release.store import Store

MOST_BYTES = 256 * 2**20  # of a release taken over from a server, unpacked


def known_here(scorer: RemoteScorer, book: Book, store: Store) -> Release | None:
    """The release of the very model that answers elsewhere, if this is one of ours under the book's own contract: from
    the store, or taken over from the server; the hash of its tables, contract and data must be the one announced. None
    if it is any other model, or the server does not hand it out.

    Raises
    ------
    ReleaseError
        If what is handed out is not what was announced, or cannot be kept; then nothing is.
    RemoteError
        If the server breaks off.
    """
    about = scorer.about
    if not about.ours or not about.artefact:
        return None
    if about.release in store.ids():
        release = store.load(about.release)
        same = release.artefact == about.artefact and release.contract.substance == book.contract.substance
        return release.in_words_of(book.contract) if same else None
    if about.contract_sha256 != book.contract.hash:
        return None
    answer = scorer.transport.get(f"/releases/{quote(about.release, safe='')}/artefact")
    if answer.status != 200:
        return None
    try:
        return store.take_in(about.release, about.artefact, _unzipped(answer.body))
    except OSError as error:
        raise ReleaseError(
            f"Release {about.release} answers at {scorer.transport.host}, but cannot be kept in {store.root}: "
            f"{error.strerror}. Let the dashboard write there, or set WHATIF_HOME to another folder."
        ) from error


def _unzipped(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_BYTES:
                raise ReleaseError(f"The release that came is larger than {MOST_BYTES:,} bytes.")
            return {each.filename: packed.read(each) for each in packed.infolist()}
    except ReleaseError:
        raise
    except Exception as error:  # what somebody made up has more ways to be wrong than zipfile lists
        raise ReleaseError(f"The release that came cannot be unpacked: {str(error)[:300]}.") from None
