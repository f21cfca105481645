"""PARTITION: from shardings on values to what each device of a mesh runs, with the collectives written out, and the check that they are those that were priced."""
