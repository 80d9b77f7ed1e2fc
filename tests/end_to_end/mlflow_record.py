"""What MLflow has recorded of a project, read as its page reads it."""

import warnings
from collections.abc import Sequence

from kedro_project import Project

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # MLflow's use of its own dependencies
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run


class Record:
    """The runs in a project's `mlflow.db`."""

    def __init__(self, project: Project) -> None:
        self.database = project.folder / "mlflow.db"
        self.client = MlflowClient(f"sqlite:///{self.database}")

    def close(self) -> None:
        """Let go of the database."""
        self.client._tracking_client.store.engine.dispose()

    def runs(self) -> Sequence[Run]:
        """All runs, the newest first."""
        experiment = self.client.get_experiment_by_name("mnist-growth")
        return self.client.search_runs([experiment.experiment_id]) if experiment else []

    def run(self, run_id: str) -> Run:
        return self.client.get_run(run_id)

    def history(self, run: Run, metric: str) -> Sequence[Metric]:
        """Values of a metric in the order of their steps."""
        return sorted(self.client.get_metric_history(run.info.run_id, metric), key=lambda value: value.step)

    def artifacts(self, run: Run) -> set[str]:
        """Paths of all files kept with a run."""
        found, folders = set(), [""]
        while folders:
            for entry in self.client.list_artifacts(run.info.run_id, folders.pop()):
                if entry.is_dir:
                    folders.append(entry.path)
                else:
                    found.add(entry.path)
        return found
