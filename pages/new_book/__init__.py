"""The page of a new book."""
