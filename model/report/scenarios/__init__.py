"""What is said of scenarios under a name."""
