"""Ways to choose shardings that people compare: one small file each, with its rule and its paper."""
