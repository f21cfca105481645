"""What a plan says, for people as tables and for programs as JSON. Needs a plan and nothing of the compiler."""
