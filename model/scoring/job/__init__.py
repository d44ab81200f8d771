"""A file of any size scored by a release: read in blocks, checked row by row, written whole or not at all."""
