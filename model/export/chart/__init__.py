"""A chart of a page as a picture of its own."""
