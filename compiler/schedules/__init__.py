"""Pipeline schedules as data: ordering rules, from which a greedy clock makes the task list of each mesh."""
