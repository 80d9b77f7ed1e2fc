"""The stages of the project, each a pipeline of its own: wiring and node functions."""
