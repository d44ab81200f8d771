"""Ways in and out: the client that calls the deployed model."""
