"""Upstream's module for signing models, which this package does not have. Importing it explains what to use."""

raise ImportError(
    "signing is not supported: sign the model with sigstore's `model-signing` (pip install model-signing), and an "
    "image with `cosign`, which are what `model_registry.signing` of the distribution `model-registry` calls"
)
