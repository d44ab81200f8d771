"""What is said of several scenarios side by side."""
