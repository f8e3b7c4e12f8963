"""Tests against real registries, real images and a real terminal, all on the loopback interface."""
