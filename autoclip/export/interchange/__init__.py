"""Export clips to editing programs, tables and video descriptions."""
