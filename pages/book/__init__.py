"""The book page."""
