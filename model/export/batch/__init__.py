"""A batch reported to management: one page to read and ask, that needs no network."""
