"""Looks into several networks side by side."""
