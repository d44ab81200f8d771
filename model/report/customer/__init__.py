"""What the customer page says."""
