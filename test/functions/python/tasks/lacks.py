"""A module that needs what is not installed (tasks.md L5)."""

import not_installed
