"""Stress tests: killed trainings, damaged files, malformed requests, and limited memory."""
