"""What is said of a release."""
