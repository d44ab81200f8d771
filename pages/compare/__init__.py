"""Two to five scenarios, customers or cut-offs side by side."""
