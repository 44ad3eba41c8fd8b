"""Tokens as a function gets them: given with the context, and asked for at the metadata service."""

import os
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def given(event, context):
    return {"now": time.time() * 1000, "token": context.token}


def asked(event, context):
    url = f"http://{os.environ['YC_METADATA_ADDR']}{event.get('path', TOKEN_PATH)}"
    try:
        response = urlopen(Request(url, headers=event.get("headers", {})))
    except HTTPError as error:
        response = error
    return {
        "status": response.status,
        "flavor": response.headers["Metadata-Flavor"],
        "body": response.read().decode(),
    }


def told(event, context):
    return os.environ.get("YC_METADATA_ADDR")


TOKEN_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"
