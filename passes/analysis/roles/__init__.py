"""What every argument and result of a step is for: names, dependence, the loss, state and its next value, the batch."""
