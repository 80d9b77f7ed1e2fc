"""The status of the last complete run, which Kedro-Viz shows."""

from typing import Any

from kedro.framework.hooks import hook_impl


class StatusHooks:
    """Lets Kedro-Viz distinguish runs of the complete pipeline from runs of a part.

    Kedro-Viz 12.5 reads `pipeline_name`, but Kedro 1.7 provides `pipeline_names`. Without the former, `kedro run
    --pipeline analyse` would count as a complete run and replace the status of the last one.
    """

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Provide the names of pipelines in the form that Kedro-Viz expects."""
        names = [name for name in run_params["pipeline_names"] or [] if name != "__default__"]
        if names:
            run_params.setdefault("pipeline_name", ", ".join(names))
