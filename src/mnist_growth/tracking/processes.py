"""The process that a run belongs to, and runs whose process no longer exists."""

import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from mlflow import MlflowClient

_HOST = "process.host"
_ID = "process.id"
_CREATED = "process.created"
_SAME_MOMENT = 2.0  # seconds: setting the clock moves the creation time that the system reports


def process_tags() -> dict[str, str]:
    """Describe this process, so that another one can find out whether it still runs."""
    process = psutil.Process()
    return {_HOST: platform.node(), _ID: str(process.pid), _CREATED: repr(process.create_time())}


def close_abandoned_runs(client: "MlflowClient", experiment_id: str) -> None:
    """Mark runs as killed that have the status RUNNING though their process on this host no longer exists.

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
            if not process_id or not created or _is_alive(int(process_id), float(created)):
                continue
            if client.get_run(run.info.run_id).info.status != RunStatus.to_string(RunStatus.RUNNING):
                continue  # it ended after the search, before its process did
            now = datetime.now(UTC).isoformat(timespec="seconds")
            client.set_tag(run.info.run_id, "ended", f"killed: process {process_id} no longer existed at {now}")
            client.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.KILLED))
        page = runs.token
        if not page:
            return


def _is_alive(process_id: int, created: float) -> bool:
    """Whether this process still runs; another process may have received its id since."""
    try:
        process = psutil.Process(process_id)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - created) < _SAME_MOMENT
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
