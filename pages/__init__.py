"""What people see. Thin: a page reads inputs, asks one pure function, draws the answer."""
