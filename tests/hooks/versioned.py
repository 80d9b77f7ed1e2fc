"""Versioned datasets of tests of hooks."""

from kedro.io.core import Version
from kedro_datasets.json import JSONDataset
from kedro_datasets.text import TextDataset

OLD, OURS, OTHERS = "2026-01-01T00.00.00.000Z", "2026-01-02T00.00.00.000Z", "2026-01-03T00.00.00.000Z"
RUN = {"load_versions": None, "runtime_params": None}


def numbers(folder, name, load=None, save=OURS):
    return JSONDataset(filepath=str(folder / f"{name}.json"), version=Version(load, save))


def text(folder, name, load=None, save=OURS):
    """A page."""
    return TextDataset(filepath=str(folder / f"{name}.html"), version=Version(load, save))


def zero(*_inputs):
    return 0
