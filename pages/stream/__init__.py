"""The stream page."""
