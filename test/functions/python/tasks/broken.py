"""A module whose import fails (tasks.md L5)."""

raise RuntimeError("import fails")
