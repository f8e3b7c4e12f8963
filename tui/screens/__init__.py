"""Whole screens: the browser, and the dialogs above it."""
