"""Programs in: the REST service."""
