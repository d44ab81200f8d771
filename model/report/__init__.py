"""Figures, numbers and sentences, for pages and the command line alike."""
