"""What the trust page says."""
