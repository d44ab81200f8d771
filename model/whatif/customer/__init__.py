"""One customer under a scenario."""
