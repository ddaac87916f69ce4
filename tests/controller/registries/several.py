"""An operator that serves a registry for each of its namespaces: ``several.py OWNER_ID KUBECONFIG NAMESPACE=URL …``.

No resource connects a registry yet, so that no user can run one like this.
"""

import sys
from pathlib import Path

import uvloop

from registrar.app import process
from registrar.cluster.logs import configure_logging
from registrar.settings import ServedRegistrySettings, Settings
from registrar.telemetry.metrics import Metrics

WORKERS = 2


def main() -> None:
    """Serve the registries until a signal."""
    owner_id, kubeconfig, *places = sys.argv[1:]
    urls = dict(place.split("=", 1) for place in places)
    settings = Settings(
        registry_url=next(iter(urls.values())),
        owner_id=owner_id,
        kubeconfig=Path(kubeconfig),
        namespaces=tuple(urls),
        workers=WORKERS,
        feed_interval=0.5,
        handover_grace=0,
        probe_port=0,
    )
    configure_logging(settings)
    registries = {namespace: ServedRegistrySettings(registry_url=url) for namespace, url in urls.items()}
    uvloop.run(process.serve(settings, registries, lambda body: str(body["metadata"]["namespace"]), Metrics()))


if __name__ == "__main__":
    main()
