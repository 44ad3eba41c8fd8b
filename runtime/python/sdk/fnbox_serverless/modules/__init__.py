"""The package `….modules` (jobs.md §10.7)."""
