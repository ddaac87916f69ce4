"""``registrar``, ``kubectl registrar`` and ``python -m registrar``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def main() -> None:
    """Run the command line; where its libraries are not installed, say which extra installs them."""
    with _extra_named():
        from registrar.cli import main as command_line  # noqa: PLC0415 - click is not in the base install
    called_as_plugin = Path(sys.argv[0]).name.startswith("kubectl-")
    command_line(prog_name="kubectl registrar" if called_as_plugin else "registrar")


def complete() -> None:
    """Complete ``kubectl registrar …``, or fail as `main`."""
    with _extra_named():
        from registrar.cli import completion  # noqa: PLC0415 - the same
    completion.main()


@contextmanager
def _extra_named() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.exit("The command line is an extra: install model-registrar[cli], or [operator] to run the operator.")


if __name__ == "__main__":
    main()
