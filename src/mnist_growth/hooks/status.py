"""The status of the last whole run, which Kedro-Viz shows."""

from typing import Any

from kedro.framework.hooks import hook_impl


class StatusHooks:
    """Tells Kedro-Viz which runs are whole ones.

    Kedro-Viz 12.5 asks for ``pipeline_name``, and Kedro 1.7 says ``pipeline_names``: without the one, `kedro run
    --pipeline analyse` would count as a whole run, and its status take the place of that of the last one.
    """

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Name a part of the project as Kedro-Viz expects it."""
        names = [name for name in run_params["pipeline_names"] or [] if name != "__default__"]
        if names:
            run_params.setdefault("pipeline_name", ", ".join(names))
