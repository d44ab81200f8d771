"""What is said of a batch: how many records were scored, how risky they are, how they differ from the training."""
