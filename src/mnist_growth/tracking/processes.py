"""Whose run it is: the process that a run belongs to, and runs whose process is gone."""

import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from mlflow import MlflowClient

_HOST = "process.host"
_ID = "process.id"
_CREATED = "process.created"
_SAME_MOMENT = 2.0  # seconds: a clock that is set anew moves the creation time that the system reports


def process_tags() -> dict[str, str]:
    """Describe this process, so that a later one can tell whether it still runs."""
    process = psutil.Process()
    return {_HOST: platform.node(), _ID: str(process.pid), _CREATED: repr(process.create_time())}


def close_abandoned_runs(client: "MlflowClient", experiment_id: str) -> None:
    """Mark runs as killed that say RUNNING though their process on this host is gone.

    Runs of other hosts, and runs that do not name their process, are left as they are.
    """
    from mlflow.entities import RunStatus

    page = None
    while True:
        runs = client.search_runs(
            [experiment_id], f"attributes.status = 'RUNNING' and tags.`{_HOST}` = '{platform.node()}'", page_token=page
        )
        for run in runs:
            process_id, created = run.data.tags.get(_ID), run.data.tags.get(_CREATED)
            if process_id and created and not _is_alive(int(process_id), float(created)):
                now = datetime.now(UTC).isoformat(timespec="seconds")
                client.set_tag(run.info.run_id, "ended", f"killed: process {process_id} was gone at {now}")
                client.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.KILLED))
        page = runs.token
        if not page:
            return


def _is_alive(process_id: int, created: float) -> bool:
    """Whether that very process runs; another one may have been given its number since."""
    try:
        process = psutil.Process(process_id)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - created) < _SAME_MOMENT
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
