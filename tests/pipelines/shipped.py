"""The shipped catalog in a temporary folder, and pipelines run with the hooks that every run has."""

from pathlib import Path
from typing import Any

import yaml
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner

from mnist_growth.hooks import LineageHooks

CONF = Path(__file__).parents[2] / "conf" / "base"


def entries(*pipelines: str) -> dict[str, dict[str, Any]]:
    """The catalog entries of some pipelines, and the pattern of all figures."""
    found = {}
    for name in (*pipelines, "figures"):
        found |= yaml.safe_load((CONF / f"catalog_{name}.yml").read_text())
    return {name: entry for name, entry in found.items() if not name.startswith("_")}


def shipped_catalog(folder: Path, *pipelines: str, given: dict[str, Any]) -> DataCatalog:
    """The entries of some pipelines with their files below a folder, and values in memory, which take precedence."""
    config = {name: entry for name, entry in entries(*pipelines).items() if name not in given}
    for entry in (each for each in config.values() if "filepath" in each):
        entry["filepath"] = str(folder / entry["filepath"])
    catalog = DataCatalog.from_config(config)
    for name, value in given.items():
        catalog[name] = MemoryDataset(value, copy_mode="assign")
    return catalog


def run(pipeline: Pipeline, catalog: DataCatalog) -> DataCatalog:
    """Run a pipeline whose results are marked with their network, as in every run."""
    manager = _create_hook_manager()
    manager.register(LineageHooks())
    SequentialRunner().run(pipeline, catalog, hook_manager=manager)
    return catalog
