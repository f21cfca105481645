"""EMIT: from a realized, sharded module to the records and stage files of a plan, proved free of deadlock."""
