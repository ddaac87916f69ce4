# ruff: noqa: INP001 - a script, not a package
"""Register a model and a version by hand, as a notebook did before anyone used Kubernetes for it.

Usage: python examples/adopt-existing/before.py http://localhost:8080
"""

import asyncio
import sys

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel


async def main(address: str) -> None:
    """Write the entries."""
    async with ModelRegistryAPIClient.connect(address) as client:
        model = await client.upsert_registered_model(
            RegisteredModel("churn", description="notebook", provider="analytics", custom_properties={"notebook": 7})
        )
        await client.upsert_model_version(ModelVersion("2026-03", author="grace"), model.id)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
