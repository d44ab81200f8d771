"""US small-business loans, approved in fiscal years 1991 to 2009 (SBA 7(a))."""
