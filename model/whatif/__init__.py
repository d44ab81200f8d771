"""Questions put to the deployed model: what if, why, what changed, what would it take."""
