"""Functions that programs may replace, without effect (jobs.md §10.7): results go another way."""


async def send_result(session, job_data, job, is_stream=False):
    """Does nothing."""


async def stream_result(session, job_data, job):
    """Does nothing."""
