"""The pictures of the program, and what makes them.

`python -m screenshots.make` runs the real program over the demo registry, under a fixed clock, fixed names
and an empty home, and writes an SVG and a PNG for each scene of `scenes.py` beside this file.
"""
