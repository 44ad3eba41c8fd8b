"""progress_update (jobs.md W-14)."""

from .. import find_host
from ..json_text import NotJson, to_json
from .rp_logger import RunPodLogger


def progress_update(job, progress):
    """Shows `progress` as the state of a running job, and returns at once. Never raises: logs what cannot be shown."""
    job_id = job.get("id") if isinstance(job, dict) else None
    host = find_host()
    try:
        text = to_json(progress, job_id)
        if host is None:
            _log.info(f"Progress: {text.decode()}", job_id)
        elif not host.progress(job_id, text):
            _log.warn("progress of a job that does not run is ignored", job_id)
    except NotJson as error:
        _log.warn(f"progress that JSON cannot hold is ignored: {error}", job_id)
    except Exception as error:
        _log.warn(f"progress is ignored: {error!r}", job_id)


_log = RunPodLogger()
