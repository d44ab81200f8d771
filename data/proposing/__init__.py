"""Proposing a book from a file: every module here serves `proposal.propose`."""
