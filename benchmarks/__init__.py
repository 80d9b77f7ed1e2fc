"""Measurements and stress tests of the project; not part of the installed package."""
