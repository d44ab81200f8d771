"""The score and its exact reasons, in numpy and numba."""
