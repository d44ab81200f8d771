"""Saved scenarios: listed, opened, changed, signed off."""
