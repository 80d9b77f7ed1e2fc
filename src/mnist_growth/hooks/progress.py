"""Showing what a run is doing."""

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Node

from mnist_growth import progress


class ProgressHooks:
    """Names the node that runs, or the dataset that is loaded or saved, as the step in progress."""

    @hook_impl(trylast=True)  # the check of the parameters has loaded libraries
    def after_context_created(self) -> None:
        """Begin what the other hooks do before a run."""
        progress.begin("prepare the run", logged=False)

    @hook_impl(tryfirst=True)
    def before_dataset_loaded(self, dataset_name: str, node: Node) -> None:
        """Begin to load a dataset."""
        progress.begin(_describe(node, f"load {dataset_name}"))

    @hook_impl(trylast=True)
    def after_dataset_loaded(self) -> None:
        """End loading."""
        progress.end()

    @hook_impl(tryfirst=True)
    def before_node_run(self, node: Node) -> None:
        """Begin a node."""
        progress.begin(_describe(node, node.short_name))

    @hook_impl(trylast=True)
    def after_node_run(self) -> None:
        """End a node."""
        progress.end()

    @hook_impl(tryfirst=True)
    def before_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Begin to save a dataset, and to record it."""
        progress.begin(_describe(node, f"save {dataset_name}"))

    @hook_impl(trylast=True)
    def after_dataset_saved(self) -> None:
        """End saving."""
        progress.end()

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self) -> None:
        """Begin what the other hooks do at the end of a run."""
        progress.begin("finish the run")


def _describe(node: Node, what: str) -> str:
    """A step of a node, after the pipeline that it belongs to."""
    words = what.replace("_", " ")
    return f"{node.namespace}: {words}" if node.namespace else words
