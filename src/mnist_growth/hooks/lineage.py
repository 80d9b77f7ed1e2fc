"""Keeping the results of two networks apart."""

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import AbstractVersionedDataset, DataCatalog, MemoryDataset, Version
from kedro.io.core import DatasetError
from kedro.pipeline import Node, Pipeline


class LineageHooks:
    """Marks every result with its network, loads the results of one network, and refuses to mix two.

    A node with the tag ``lineage.SEVERAL_NETWORKS`` is exempt: it sorts its inputs itself. A result that the network of
    the run does not have reaches such a node as ``report.Missing``, and its outputs belong to the first network among
    its inputs.
    """

    @hook_impl(tryfirst=True)  # before the run is recorded
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Pin each result that the pipeline loads to the newest version that belongs to its network.

        Raises:
            FileNotFoundError: The network does not have a result that the pipeline needs.
        """
        from mnist_growth.datasets import Results
        from mnist_growth.lineage import SEVERAL_NETWORKS, UNKNOWN
        from mnist_growth.report import explain

        if "network" not in pipeline.datasets():
            return
        results = Results(catalog, pipelines)
        if "results" in pipeline.inputs():
            catalog["results"] = MemoryDataset(results, copy_mode="assign")
        trained = None  # where the run makes the network itself
        if "network" in pipeline.inputs():
            try:
                trained = catalog.load("network")
            except DatasetError:
                return  # the node that needs it says what is wrong
        for name in sorted(pipeline.inputs() - (run_params["load_versions"] or {}).keys() - {"network"}):
            dataset = catalog.get(name)
            if not isinstance(dataset, AbstractVersionedDataset):
                continue
            version = results.version(name, trained) if trained else None
            if version is not None:
                dataset._version = Version(load=version, save=dataset.resolve_save_version())
                continue
            missing = results.missing(name, trained)
            may_be_missing = all(SEVERAL_NETWORKS in node.tags for node in pipeline.nodes if name in node.inputs)
            if may_be_missing and (trained or missing.owner == UNKNOWN):
                catalog[name] = MemoryDataset(missing, copy_mode="assign")
            elif trained and missing.owner.network_sha256 and not missing.damaged:  # loading says what is damaged
                raise FileNotFoundError(" ".join(explain([missing])))

    @hook_impl
    def before_node_run(self, node: Node, inputs: dict[str, Any]) -> None:
        """Refuse inputs of several networks.

        Raises:
            ValueError: Two inputs belong to different networks.
        """
        from mnist_growth.lineage import SEVERAL_NETWORKS, lineage_of

        owners = {name: owner for name, value in inputs.items() if (owner := lineage_of(value).network_sha256)}
        if len(set(owners.values())) > 1 and SEVERAL_NETWORKS not in node.tags:
            listed = ", ".join(f"{name} of {owner[:6]}…" for name, owner in owners.items())
            raise ValueError(
                f"The node {node.name} would mix results of several networks ({listed}): choose versions that belong "
                "together with --load-versions <name>:<version>"
            )

    @hook_impl
    def after_node_run(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Mark the outputs with the network among the inputs, or with the network that the node has made."""
        from mnist_growth.lineage import common_lineage, mark

        lineage = common_lineage([*inputs.values(), *outputs.values()])
        for name, value in outputs.items():
            outputs[name] = mark(value, lineage)
