"""Plans by hand: the file of ``--plan-spec``, its cuts found among the layers of a program, and its text made from any plan."""
