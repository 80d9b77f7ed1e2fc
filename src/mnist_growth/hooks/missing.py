"""Outputs that a run with ``--only-missing-outputs`` does not compute again."""

from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog, MemoryDataset, Version
from kedro.io.core import DatasetError
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner

from mnist_growth.hooks.nothing_to_do import NothingToDo

if TYPE_CHECKING:
    from mnist_growth.network import TrainedNetwork

PNG = "figures_png"
"""An output that is not saved unless the parameter ``report.png`` is set."""


class MissingOutputsHooks:
    """Finds out which outputs of a run exist: those of its network, in whatever version they are.

    Kedro looks for an output in the version that the run loads. A run that saves an output loads its own version, which
    never exists before.
    """

    @hook_impl(tryfirst=True)  # before the run is recorded
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Pin every output that exists to its version, and every other one to that of this run.

        Raises:
            NothingToDo: All outputs exist.
        """
        if not run_params.get("only_missing_outputs"):
            return
        from mnist_growth.datasets import Results

        results, network = Results(catalog, {}), _network(pipeline, catalog)
        outputs = {name: catalog.get(name) for name in sorted(pipeline.all_outputs())}
        versioned = {
            name: dataset for name, dataset in outputs.items() if isinstance(dataset, AbstractVersionedDataset)
        }
        of_network = _from_network(pipeline) if network else set()
        found = {
            name: results.version(name, network) if name in of_network and network else results.newest(name)
            for name in versioned
        }
        # Where a file does not name its network, it is that of the other outputs if it is not older than the network.
        unmarked = {name for name in of_network & versioned.keys() if not results.is_marked(name)}
        complete = all(found[name] for name in (of_network & versioned.keys()) - unmarked)
        for name in unmarked:
            newest = results.newest(name)
            found[name] = newest if complete and network and newest and newest >= network.version else None
        for name, dataset in versioned.items():
            own = dataset.resolve_save_version()
            dataset._version = Version(load=found[name] or own, save=own)
        if PNG in versioned and found[PNG] is None and catalog.load("params:report").png is None:
            catalog[PNG] = MemoryDataset()
        if not SequentialRunner()._filter_pipeline_for_missing_outputs(pipeline, catalog).nodes:
            raise NothingToDo(
                "Nothing to do: all outputs exist. Without --only-missing-outputs they are computed again, and the "
                "earlier versions are kept"
            )


def _network(pipeline: Pipeline, catalog: DataCatalog) -> "TrainedNetwork | None":
    """The network of the run; None where it has none yet."""
    if "network" not in pipeline.datasets():
        return None
    try:
        trained: TrainedNetwork = catalog.load("network")
    except DatasetError:
        return None
    return trained


def _from_network(pipeline: Pipeline) -> set[str]:
    """Datasets that are computed from the network."""
    return set(pipeline.from_inputs("network").all_outputs()) if _uses(pipeline) else set()


def _uses(pipeline: Pipeline) -> bool:
    return any("network" in node.inputs for node in pipeline.nodes)
