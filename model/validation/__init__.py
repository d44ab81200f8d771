"""How far to trust a release: validation, backtests, effects."""
