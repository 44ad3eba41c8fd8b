"""Fetches what a job's input names (jobs.md §10.7): only from public addresses, only so much.

The address is checked after name resolution, at every redirect, and the connection goes to the checked address.
"""

import http.client
import ipaddress
import os
import socket
import ssl
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit


class SSRFError(ValueError):
    """The address is not one that a job may name, or the body is too large."""


class DownloadFailed(OSError):
    """The server could not be reached, or gave no file."""


@contextmanager
def open_url(url, timeout):
    """The response to a GET as (headers, chunks), `chunks` an iterator of bytes. Raises SSRFError and DownloadFailed."""
    for _ in range(_MOST_REDIRECTS + 1):
        connection = _connect(url, timeout)
        try:
            response = _get(connection, url)
            location = response.getheader("Location")
            if response.status not in _REDIRECTS or location is None:
                if not 200 <= response.status < 300:
                    raise DownloadFailed(f"status {response.status}")
                yield response.headers, _chunks(response)
                return
            url = urljoin(url, location)
        finally:
            connection.close()
    raise DownloadFailed(f"more than {_MOST_REDIRECTS} redirects")


def is_safe_address(address):
    """Whether it is a public unicast address, in whatever form it is written."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return found.is_global and not found.is_multicast and not found.is_reserved and found not in _SHARED


def _connect(url, timeout):
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SSRFError(f"not an http or https URL: {url}")
    address = _resolve(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), url)
    connection = http.client.HTTPConnection(parts.hostname, timeout=timeout)
    try:
        connection.sock = socket.create_connection(address, timeout)
        if parts.scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=parts.hostname)
    except OSError as error:
        connection.close()
        raise DownloadFailed(str(error)) from error
    return connection


def _resolve(host, port, url):
    try:
        found = [each[4][:2] for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise DownloadFailed(f"{host} has no address: {error}") from error
    refused = [address for address, _ in found if not is_safe_address(address)]
    if refused and not _allows_private():
        raise SSRFError(f"{url} leads to {refused[0]}, which is not a public address")
    return found[0]


def _get(connection, url):
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": "fnbox", "Accept-Encoding": "identity"}
    try:
        connection.request("GET", target, headers=headers)
        return connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise DownloadFailed(str(error) or type(error).__name__) from error


def _chunks(response):
    limit, total = _most_bytes(), 0
    while True:
        try:
            chunk = response.read(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise DownloadFailed(str(error) or type(error).__name__) from error
        if not chunk:
            return
        total += len(chunk)
        if total > limit:
            raise SSRFError(f"the file is larger than {limit} bytes; RUNPOD_MAX_DOWNLOAD_BYTES sets the limit")
        yield chunk


def _most_bytes():
    wanted = os.environ.get("RUNPOD_MAX_DOWNLOAD_BYTES", "")
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else 5 * 1024**3


def _allows_private():
    return os.environ.get("RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS", "").strip().lower() in ("1", "true", "yes")


_SHARED = ipaddress.ip_network("100.64.0.0/10")
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_CHUNK = 1024 * 1024
