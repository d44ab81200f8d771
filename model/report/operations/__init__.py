"""What the operations page says."""
