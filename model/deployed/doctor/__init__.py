"""What would keep this installation from serving, looked at before anybody is kept waiting, with what to do."""
