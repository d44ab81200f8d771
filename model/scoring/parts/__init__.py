"""Customers in any number, part by part: read from Parquet, refused row by row, added up."""
