"""The model card of a release in the store, with all that is known of it here."""

from pathlib import Path

from data.books import Book
from data.errors import WhatIfError
from data.provenance import provenance
from model.release.installed import installed_book
from model.release.release import Release
from model.release.store import Store
from model.report.release.card import ModelCard, card_of


def release_card(
    store: Store, release: Release, home: Path, book: Book | None = None, by_group: bool = True
) -> ModelCard:
    """The card of ``release``, one of ``store``. ``book`` is its book, if that has been read already; where it cannot
    be read, the card says what is not available. ``by_group``: whether figures by protected attribute are shown."""
    try:
        own = installed_book(store.book, home) if book is None else book
        origin = provenance(store.book, home)
    except WhatIfError:  # a service without the snapshots
        own, origin = None, {}
    return card_of(release, store.history(), aliases=store.aliases(), book=own, provenance=origin, by_group=by_group)
