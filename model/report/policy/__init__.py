"""What the policy page says."""
