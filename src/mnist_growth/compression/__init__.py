"""Smaller and faster networks from a trained one."""
