"""Manifests as text: read as kubectl reads them, and written so that every reader understands the same.

kubectl reads YAML with a fork of go-yaml 2 (sigs.k8s.io/yaml), whose plain scalars mean other things than PyYAML's and
YAML 1.2's: ``1e3`` is a number, ``y`` a boolean, ``2026-11-23`` text. `registrar.cli.documents.scalars` has its rules.
"""
