"""Who may do what: people, roles and tokens."""
