"""The deployed model as everyone asks it, in this process or elsewhere."""
