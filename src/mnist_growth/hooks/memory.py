"""The memory of a run between its nodes."""

import gc

from kedro.framework.hooks import hook_impl


class MemoryHooks:
    """Keeps what one node needed from standing beside what the next one needs."""

    @hook_impl(trylast=True)  # the record imports MLflow
    def before_pipeline_run(self) -> None:
        """Set aside what imports have made, which stays: a search for garbage then takes milliseconds."""
        from mnist_growth.machine import return_freed_memory

        gc.collect()
        gc.freeze()
        return_freed_memory()

    @hook_impl
    def after_node_run(self) -> None:
        """Give freed memory back to the system, also that of objects that hold each other."""
        from mnist_growth.machine import return_freed_memory

        gc.collect()
        return_freed_memory()

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Nothing is set aside any more."""
        gc.unfreeze()
