"""Downloads the files of a job's input (jobs.md §10.7), guarded by rp_ssrf."""

import os
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from urllib.parse import unquote, urlsplit

from ..modules.rp_logger import RunPodLogger
from .rp_ssrf import DownloadFailed, SSRFError, most_bytes, open_url

__all__ = ["SSRFError", "download_files_from_urls", "file"]


def download_files_from_urls(job_id, urls):
    """Absolute paths of the files, below `jobs/<job_id>/downloaded_files`; None for one that failed. Raises SSRFError."""
    folder = os.path.abspath(os.path.join("jobs", job_id, "downloaded_files"))
    os.makedirs(folder, exist_ok=True)
    wanted = [urls] if isinstance(urls, str) else list(urls)
    with ThreadPoolExecutor() as threads:
        return list(threads.map(lambda url: _download_or_none(url, folder), wanted))


def file(file_url):
    """Downloads one file into `job_files`, and unpacks it when it is a zip. Raises SSRFError and OSError.

    Gives a dict: `file_path`, `type` (the extension), `original_name`, `extracted_path` (None unless it was a zip).
    """
    os.makedirs("job_files", exist_ok=True)
    base = os.path.abspath(os.path.join("job_files", str(uuid.uuid4())))
    path, name = _download(file_url, base, 30)
    kind = os.path.splitext(name)[1].lstrip(".")
    extracted = None
    if kind == "zip":
        extracted = base
        with zipfile.ZipFile(path) as archive:
            if sum(each.file_size for each in archive.infolist()) > most_bytes():
                raise SSRFError(f"the zip holds more than {most_bytes()} bytes; RUNPOD_MAX_DOWNLOAD_BYTES sets the limit")
            archive.extractall(extracted)
    return {"file_path": path, "type": kind, "original_name": name, "extracted_path": extracted}


def _download_or_none(url, folder):
    if url is None:
        return None
    for _ in range(_ATTEMPTS):
        try:
            return _download(url, os.path.join(folder, str(uuid.uuid4())), 5)[0]
        except DownloadFailed as error:
            failure = error
    _log.warn(f"Failed to download {url}: {failure}")
    return None


def _download(url, base, timeout):
    with open_url(url, timeout) as (headers, chunks):
        name = _name_of(headers, url)
        path = base + os.path.splitext(name)[1]
        try:
            with open(path, "wb") as target:
                for chunk in chunks:
                    target.write(chunk)
        except BaseException:
            os.remove(path)  # no partial files
            raise
    return path, name


def _name_of(headers, url):
    message = Message()
    message["Content-Disposition"] = headers.get("Content-Disposition", "")
    return os.path.basename(message.get_filename() or unquote(urlsplit(url).path))


_ATTEMPTS = 3

_log = RunPodLogger()
