"""What programs import from `….modules` (jobs.md §10.7)."""
