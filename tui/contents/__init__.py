"""What is inside a layer: its files, streamed from bytes that may lie anywhere.

This package knows no registry and no user interface: it reads a `ByteSource`.
"""
