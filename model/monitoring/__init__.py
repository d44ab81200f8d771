"""How good, how stable, how fair: measures of a model on outcomes."""
