"""The command: serves the registry until SIGTERM or SIGINT.

For laptops, demonstrations and tests, not for production.
"""

import os
import signal
import socket
import sys

import click
import uvicorn

from local_registry.app import create_app
from local_registry.store import DatabaseUnusableError, Store

SHUTDOWN_TIMEOUT_SECONDS = 5
"""How long requests may take to end after SIGTERM."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 picks a free port.",
)
@click.option(
    "--database",
    default="registry.db",
    show_default=True,
    help="SQLite file, created if it does not exist; :memory: stores nothing on disk.",
)
def main(host: str, port: int, database: str) -> None:
    """Serve a local model registry (for laptops, demos and tests; not for production).

    The first line on standard output is "local_registry listening on http://HOST:PORT".
    """
    try:
        listener = _listen(host, port)
        store = Store(database)
    except (OSError, DatabaseUnusableError) as error:
        raise click.ClickException(str(error)) from error
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn shuts down gracefully on these signals, and then raises them again.
        signal.signal(number, lambda *_: sys.exit(0))
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(store),
            log_level="warning",
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_SECONDS,
        )
    )
    bound_host, bound_port = listener.getsockname()[:2]
    address = f"[{bound_host}]" if ":" in bound_host else bound_host
    click.echo(f"local_registry listening on http://{address}:{bound_port}")
    sys.stdout.flush()
    server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        OSError: If the address cannot be used. The message says what to do.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # The protocol is required: only with it does asyncio send small responses without a 40 ms delay (TCP_NODELAY).
        listener = socket.socket(family, kind, protocol)
        if os.name == "posix":  # so that a restart does not wait for old connections
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        raise OSError(
            f"cannot listen on {host}:{port}: {error.strerror}. Choose another --port, or 0 for a free port"
        ) from error
    return listener
