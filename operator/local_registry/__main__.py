"""``python -m local_registry``."""

import sys

_LIBRARIES = {"click", "sqlalchemy", "starlette", "uvicorn"}
"""What the extra ``local`` installs."""


def main() -> None:
    """Serve the registry; where its libraries are not installed, say which extra installs them."""
    try:
        from local_registry.command import main as serve  # noqa: PLC0415 - its libraries are not in the base install
    except ModuleNotFoundError as error:
        if error.name not in _LIBRARIES:
            raise
        sys.exit("The embedded registry is an extra: install model-registrar[local].")
    serve()


if __name__ == "__main__":
    main()
