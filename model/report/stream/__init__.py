"""What is said of a stream: how many applications come, what is decided of them, how they differ from the training."""
