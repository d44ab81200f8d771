"""What the book page says."""
