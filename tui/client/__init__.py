"""A client for the OCI Distribution Specification."""
