"""Freeing memory between the nodes of a run."""

import gc

from kedro.framework.hooks import hook_impl


class MemoryHooks:
    """Frees the memory of one node before the next one runs."""

    @hook_impl(trylast=True)  # the tracking hook imports MLflow first
    def before_pipeline_run(self) -> None:
        """Exclude the objects of imported modules from garbage collection, which then takes milliseconds."""
        from mnist_growth.machine import return_freed_memory

        gc.collect()
        gc.freeze()
        return_freed_memory()

    @hook_impl
    def after_node_run(self) -> None:
        """Return freed memory to the system, including that of objects in reference cycles."""
        from mnist_growth.machine import return_freed_memory

        gc.collect()
        return_freed_memory()

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Include all objects in garbage collection again."""
        gc.unfreeze()
