"""The SSRF guard of downloads (jobs.md §10.7): only from public addresses, up to a size.

Checks addresses after name resolution, at every redirect; connects to the checked address.
"""

import http.client
import ipaddress
import os
import socket
import ssl
from contextlib import contextmanager
from urllib.parse import quote, urljoin, urlsplit


class SSRFError(ValueError):
    """The address is not public, or the body is too large."""


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
                    raise _to_http_error(response.status)
                yield response.headers, _chunks(response)
                return
            url = urljoin(url, location)
        finally:
            connection.close()
    raise DownloadFailed(f"more than {_MOST_REDIRECTS} redirects")


def is_safe_address(address):
    """Whether it is a public unicast address, also when it is mapped into IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return found.is_global and not found.is_multicast and not found.is_reserved and found not in _SHARED


def most_bytes():
    """The size limit of one download, from RUNPOD_MAX_DOWNLOAD_BYTES."""
    wanted = os.environ.get("RUNPOD_MAX_DOWNLOAD_BYTES", "")
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else 5 * 1024**3


def _connect(url, timeout):
    parts, port = _split(url)
    addresses = _resolve(parts.hostname, port, url)
    connection = http.client.HTTPConnection(parts.hostname, timeout=timeout)
    try:
        connection.sock = _reach(addresses, timeout)
        if parts.scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=parts.hostname)
    except OSError as error:
        connection.close()
        raise DownloadFailed(str(error)) from error
    return connection


def _split(url):
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SSRFError(f"not a URL: {url}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SSRFError(f"not an http or https URL: {url}")
    return parts, port or (443 if parts.scheme == "https" else 80)


# All must be public: an attacker can give a name that leads outside and inside.
def _resolve(host, port, url):
    try:
        found = [each[4][:2] for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise DownloadFailed(f"{host} has no address: {error}") from error
    refused = [address for address, _ in found if not is_safe_address(address)]
    if refused and not _allows_private():
        raise SSRFError(f"{url} leads to {refused[0]}, which is not a public address")
    return found


def _reach(addresses, timeout):
    for address in addresses:
        try:
            return socket.create_connection(address, timeout)
        except OSError as error:
            failure = error
    raise failure


# Also a requests.HTTPError, where requests is installed.
def _to_http_error(status):
    try:
        from requests import HTTPError
    except ImportError:
        return DownloadFailed(f"status {status}")
    return type("HTTPError", (HTTPError, DownloadFailed), {})(f"status {status}")


def _get(connection, url):
    parts, _ = _split(url)
    target = quote(parts.path or "/", safe=_IN_URLS) + (f"?{quote(parts.query, safe=_IN_URLS)}" if parts.query else "")
    headers = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": "fnbox", "Accept-Encoding": "identity"}
    try:
        connection.request("GET", target, headers=headers)
        return connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise DownloadFailed(str(error) or type(error).__name__) from error


def _chunks(response):
    limit, total = most_bytes(), 0
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


def _allows_private():
    return os.environ.get("RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS", "").strip().lower() in ("1", "true", "yes")


# Characters that stay as they are in a URL, `%` of quoted ones among them.
_IN_URLS = "%/:=&?~#+!$,;'@()*[]"

_SHARED = ipaddress.ip_network("100.64.0.0/10")
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_CHUNK = 1024 * 1024
