"""The deployed model as a workbook with live formulas: your own numbers go in, and it answers as the service does."""
