"""One op: its sharding rule, its windows, its fold, how often it runs, what it computes and moves."""
