"""PHASES and STAGES: setup, forward, backward and update, and the stage of every op."""
