"""Tests of what is inside a layer."""
