"""The commands of ``python -m compiler``, one file each."""
