"""Releases out: to a bank's model registry."""
