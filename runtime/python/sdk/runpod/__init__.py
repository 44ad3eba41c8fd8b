"""RunPod's module as fnbox offers it (jobs.md §10.7): it serves handlers, and lacks the clients of the API."""

import os

from fnbox_serverless import VERSION as __version__
from fnbox_serverless.modules.rp_logger import RunPodLogger

from . import serverless
from .http_client import AsyncioEndpoint, AsyncioJob, Endpoint, missing_attribute

__fnbox__ = True

api_key = os.environ.get("RUNPOD_API_KEY")
endpoint_url_base = os.environ.get("RUNPOD_ENDPOINT_BASE_URL", "https://api.runpod.ai/v2")


def __getattr__(name):
    raise missing_attribute(__name__, name)
