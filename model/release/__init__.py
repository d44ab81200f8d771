"""From a book to a release: fitted, gated, stored, aliased."""
