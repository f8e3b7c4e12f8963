"""Manifests, indexes and configs: read leniently, and held against the image specification."""
