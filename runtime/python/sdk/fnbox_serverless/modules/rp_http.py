"""Programs replace functions in here to see results (jobs.md §10.7). Results go another way: nothing that is assigned has an effect."""


async def send_result(session, job_data, job, is_stream=False):
    """Does nothing."""


async def stream_result(session, job_data, job):
    """Does nothing."""
