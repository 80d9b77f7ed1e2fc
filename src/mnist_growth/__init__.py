"""A multilayer perceptron that grows while it learns digits, as a Kedro project."""

__version__ = "0.1.0"
