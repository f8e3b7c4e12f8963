"""What changes a registry: blobs and manifests pushed, tags and manifests deleted."""
