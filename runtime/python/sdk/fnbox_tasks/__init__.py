"""Tasks in Zappa's way (tasks.md): the parts of `zappa.asynchronous`, and the execution of tasks in an instance."""
