"""What was decided about shardings, in words and prices that people know: the records that a plan keeps."""
