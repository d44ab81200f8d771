"""The cut-off and what goes with it."""
