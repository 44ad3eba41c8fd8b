"""The sessions of RunPod's API clients, by name only (jobs.md §10.7)."""

from fnbox_serverless.clients import AsyncClientSession, ClientSession, SyncClientSession

__all__ = ["AsyncClientSession", "ClientSession", "SyncClientSession"]
