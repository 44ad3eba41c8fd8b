"""The names of `….utils` (jobs.md §10.7). Modules are loaded on first use."""

import importlib

__all__ = ["VolumeCache", "download_files_from_urls", "upload_file_to_bucket", "upload_in_memory_object"]


def __getattr__(name):
    home = _HOMES.get(name)
    if home is not None:
        return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_HOMES = {
    "VolumeCache": "rp_volume_cache",
    "download_files_from_urls": "rp_download",
    "upload_file_to_bucket": "rp_upload",
    "upload_in_memory_object": "rp_upload",
}

_MODULES = (
    *("rp_cleanup", "rp_cuda", "rp_debugger", "rp_download", "rp_model_cache"),
    *("rp_ssrf", "rp_upload", "rp_validator", "rp_volume_cache"),
)
