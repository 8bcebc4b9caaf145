"""Figures that are run, not written: `make bench`."""
