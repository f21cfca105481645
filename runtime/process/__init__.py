"""How a job lives and ends: watchers, failures that every rank hears of, exit codes."""
