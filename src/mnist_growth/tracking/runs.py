"""Opening a run, new or known, and giving it its parameters."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mnist_growth.nested import flatten
from mnist_growth.tracking.processes import process_tags

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

logger = logging.getLogger(__name__)

MAX_TAG_LENGTH = 5000
"""Characters of a tag's value that every store of MLflow accepts."""

_MAX_PARAMETER_LENGTH = 6000  # characters, MLflow's limit
_MAX_PARAMETERS = 100  # MLflow's limit for one call


def open_run(
    client: "MlflowClient",
    experiment_id: str,
    name: str,
    parameters: Mapping[str, Any],
    tags: Mapping[str, str],
    run_id: str | None,
    requested: Mapping[str, Any] | None = None,
) -> str:
    """Start a run, or continue one, and give it parameters and tags.

    Args:
        client: Client of the store.
        experiment_id: Experiment of a new run.
        name: Name of a new run.
        parameters: Nested parameters, logged under dotted names. MLflow does not let a parameter change: when a run is
            continued, a changed one becomes the tag `changed.<name>`.
        tags: Tags of the run, next to those of this process. When a run is continued, a changed tag becomes the tag
            `resumed.<name>`, and the first value stays.
        run_id: Run to continue; one that is not in the store is replaced by a new run with the tag `continues`.
        requested: Those of the parameters that a continued run is compared with; None: all.

    Returns:
        The id of the open run.
    """
    known = _find(client, run_id) if run_id else None
    if known is None:
        new_tags = {**tags, **process_tags(), **({"continues": run_id} if run_id else {})}
        if run_id:
            logger.info("MLflow does not have the run %s; this one is a new run", run_id)
        # With all tags at once: a process killed between two calls would leave a run that names no process.
        run_id = client.create_run(experiment_id, run_name=name, tags=_cut(new_tags)).info.run_id
    else:
        run_id = known.info.run_id
        client.update_run(run_id, status="RUNNING")
        if "ended" in known.data.tags:
            client.delete_tag(run_id, "ended")
        before = known.data.tags
        changed = {
            name if before.get(name, value) == value else f"resumed.{name}": value for name, value in tags.items()
        }
        set_tags(client, run_id, {**changed, **process_tags()})
    compared = parameters if known is None or requested is None else requested
    _log_parameters(client, run_id, compared, known.data.params if known else {})
    return str(run_id)


def set_tags(client: "MlflowClient", run_id: str, tags: Mapping[str, str]) -> None:
    """Set tags in one call, cut to the length that MLflow accepts."""
    from mlflow.entities import RunTag

    client.log_batch(run_id, tags=[RunTag(name, value) for name, value in _cut(tags).items()])


def _cut(tags: Mapping[str, str]) -> dict[str, str]:
    return {name: str(value)[:MAX_TAG_LENGTH] for name, value in tags.items()}


def _find(client: "MlflowClient", run_id: str) -> "Run | None":
    """The run, or None where the store does not have it or it was deleted."""
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    return run if run.info.lifecycle_stage == "active" else None


def _log_parameters(
    client: "MlflowClient", run_id: str, parameters: Mapping[str, Any], known: Mapping[str, str]
) -> None:
    """Log parameters that are new; those that differ from the run's become tags."""
    from mlflow.entities import Param

    cut = {name: str(value)[:_MAX_PARAMETER_LENGTH] for name, value in flatten(parameters).items()}
    new = [Param(name, value) for name, value in cut.items() if name not in known]
    for start in range(0, len(new), _MAX_PARAMETERS):
        client.log_batch(run_id, params=new[start : start + _MAX_PARAMETERS])
    changed = {f"changed.{name}": value for name, value in cut.items() if known.get(name, value) != value}
    if changed:
        set_tags(client, run_id, changed)
