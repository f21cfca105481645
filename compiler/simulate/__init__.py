"""What a plan will cost before it runs: seconds by playing its instruction lists, bytes by what is alive along them."""
