"""``python -m devcluster demo`` and ``python -m devcluster dev``: begins so early that Ctrl-C never has a traceback."""

import importlib
import signal
import sys

_PROGRAMS = ("demo", "dev")


def main() -> int:
    """Run one of the programs, and return its exit status."""
    if len(sys.argv) == 1 or sys.argv[1] not in _PROGRAMS:
        sys.exit(f"Usage: python -m devcluster {{{','.join(_PROGRAMS)}}} …")
    # Until the program handles Ctrl-C, nothing has been started that needs an orderly end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    program = importlib.import_module(f"devcluster.{sys.argv.pop(1)}")
    status: int = program.main()
    return status


if __name__ == "__main__":
    sys.exit(main())
