"""A terminal browser for container registries, and a client for the OCI Distribution Specification."""

__version__ = "0.1.0"
