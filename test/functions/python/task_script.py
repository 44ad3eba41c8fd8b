"""A script with a task, for the transcripts."""

import runpod

imports = [__name__]


def imports_of():
    return imports


def handler(job):
    return job["input"]


if __name__ == "__main__":
    runpod.serverless.start({"handler": handler})
