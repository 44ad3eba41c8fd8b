"""`serverless.start` (jobs.md §10.1, §10.2), its command line (§11), and fitness checks (W-16). Owns the checks."""

import argparse
import sys

from . import find_host
from .local import run_local_test
from .modules.rp_logger import RunPodLogger
from .program import Program


def start(config, input_names=("input",)):
    """Under fnbox, blocks until the instance is stopped. Elsewhere, and with `--test_input`, runs one job and exits.

    Raises ValueError without a handler, RuntimeError while another call serves, SystemExit (jobs.md CLI-1).
    """
    flags = _parse_flags(config)
    host = find_host()
    program = Program(config, tuple(_checks), bool(flags["rp_debugger"]), input_names)
    if host is not None and flags["test_input"] is None:
        host.serve(program)
    elif flags["rp_serve_api"] and host is None:
        _log.error(f"There is no API server in here; run: fnbox serve {sys.argv[0]}")
        sys.exit(1)
    else:
        run_local_test(program, flags)


def register_fitness_check(check):
    """Decorates a function without arguments, plain or async, and gives it back unchanged. Raises TypeError."""
    if not callable(check):
        raise TypeError("a fitness check must be callable")
    _checks.append(check)
    return check


# Takes the flags of §11 out of sys.argv and puts them in `config["rp_args"]` (jobs.md W-3).
def _parse_flags(config):
    found, rest = _parser().parse_known_args(sys.argv[1:])
    sys.argv = sys.argv[:1] + rest
    flags = config["rp_args"] = vars(found)
    if flags["rp_log_level"]:
        try:
            _log.set_level(flags["rp_log_level"])
        except ValueError as error:
            _log.error(str(error))
            sys.exit(1)
    ignored = [f"--{name}" for name in _IGNORED if flags[name] is not None]
    if ignored:
        _log.warn(f"{', '.join(ignored)} without effect: the API is served by fnbox, with options of its own")
    flags.update((name, default) for name, default in _IGNORED.items() if flags[name] is None)
    return flags


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

_checks = []

_log = RunPodLogger()
