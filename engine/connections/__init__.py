"""Under every request: connections counted, heads in time, headers of every answer, a line in the log."""
