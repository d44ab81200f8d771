"""What was asked and answered: the audit trail, and what can be done with it."""
