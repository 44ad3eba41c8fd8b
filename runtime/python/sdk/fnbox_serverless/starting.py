"""`serverless.start` (jobs.md §10.1, §10.2): below fnbox the script serves, elsewhere it runs one test job."""

import sys

from .flags import parse_flags
from .host import find_host
from .local import run_local_test
from .modules.rp_fitness import registered_checks
from .modules.rp_logger import RunPodLogger
from .program import Program


def start(config, input_names=("input",)):
    """Blocks until the instance is stopped. Raises ValueError without a handler, RuntimeError while another call serves.

    Elsewhere than below fnbox, and with `--test_input`, it runs one job and raises SystemExit (jobs.md CLI-1).
    """
    flags = parse_flags(config)
    host = find_host()
    program = Program(config, registered_checks(), bool(flags["rp_debugger"]), input_names)
    if host is not None and flags["test_input"] is None:
        host.serve(program)
    elif flags["rp_serve_api"] and host is None:
        _log.error(f"There is no API server in here; run: fnbox serve {sys.argv[0]}")
        sys.exit(1)
    else:
        run_local_test(program, flags)


_log = RunPodLogger()
