"""Zappa's package as fnbox offers it (tasks.md G3): only what programs need for their tasks."""

__fnbox__ = True
