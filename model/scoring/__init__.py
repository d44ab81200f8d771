"""Many records in: files of customers, scored as one."""
