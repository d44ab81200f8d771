"""How much a job takes at a time."""

BLOCK = 65_536  # rows that are read, scored and written at a time
PART_BLOCKS = 16  # blocks of a part: what at most is done again after a kill
AHEAD = 2  # blocks that are read, and written, while one is scored
