"""Several scenarios of one subject side by side: which they are, and what the model says of each."""
