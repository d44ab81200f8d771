"""Files that strangers give: CSV, Excel and Parquet, read in a process of their own with limits of memory and time."""
