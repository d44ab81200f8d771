"""Briefings out: what leaves as a file that people work on or hand round."""
