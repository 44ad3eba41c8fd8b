"""Tasks in Zappa's way (tasks.md): what `zappa.asynchronous` is made of, and what an instance executes tasks with."""
