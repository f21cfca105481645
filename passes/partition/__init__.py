"""PARTITION: from shardings on values to what each device runs, with the collectives written out and checked against the priced."""
