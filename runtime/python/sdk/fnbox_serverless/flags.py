"""The command line of a script (jobs.md §11): flags that are known are taken out of sys.argv, the others stay."""

import argparse
import sys

from .modules.rp_logger import RunPodLogger


def parse_flags(config):
    """Reads sys.argv; puts what was found in `config["rp_args"]` (jobs.md W-3) and gives it back. Texts stay texts."""
    found, rest = _parser().parse_known_args(sys.argv[1:])
    sys.argv = sys.argv[:1] + rest
    flags = config["rp_args"] = vars(found)
    if flags["rp_log_level"]:
        try:
            _log.set_level(flags["rp_log_level"])
        except ValueError as error:
            _log.error(str(error))
            sys.exit(1)
    _note_ignored(flags)
    return flags


def _note_ignored(flags):
    ignored = [f"--{name}" for name in _IGNORED if flags[name] is not None]
    if ignored:
        _log.warn(f"{', '.join(ignored)} without effect: the API is served by fnbox, with options of its own")
    for name, default in _IGNORED.items():
        if flags[name] is None:
            flags[name] = default


def _parser():
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--test_input")
    parser.add_argument("--test_output")
    parser.add_argument("--rp_log_level")
    parser.add_argument("--rp_debugger", action="store_true")
    parser.add_argument("--rp_serve_api", action="store_true")
    parser.add_argument("--rp_api_host")
    parser.add_argument("--rp_api_port", type=int)
    parser.add_argument("--rp_api_concurrency", type=int)
    return parser


_IGNORED = {"rp_api_host": "localhost", "rp_api_port": 8000, "rp_api_concurrency": 1}

_log = RunPodLogger()
