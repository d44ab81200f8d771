"""The steps, the oldest first by their numbers."""
