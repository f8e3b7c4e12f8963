"""Layouts and archives on disk: read with the face of a registry, and written."""
