"""RunPod's module as fnbox offers it (jobs.md §10.7): the side of the handler, without the clients of the API."""

import os

from fnbox_serverless import VERSION as __version__
from fnbox_serverless.clients import AsyncioEndpoint, AsyncioJob, Endpoint, missing_attribute
from fnbox_serverless.modules.rp_logger import RunPodLogger

from . import serverless

__fnbox__ = True

api_key = os.environ.get("RUNPOD_API_KEY")
endpoint_url_base = os.environ.get("RUNPOD_ENDPOINT_BASE_URL", "https://api.runpod.ai/v2")


def __getattr__(name):
    raise missing_attribute(__name__, name)
