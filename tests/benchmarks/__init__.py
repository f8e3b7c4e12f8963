"""Measures the program beside others, as ratios within one run: `python -m tests.benchmarks`."""
