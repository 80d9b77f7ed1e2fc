"""Compare the time that `kedro run --pipeline evaluate` takes for its own work with two epochs of training.

    python -m benchmarks.speed.evaluation    # on the digits ingested last; trains two epochs at full width

Both are measured one after the other on this machine: the epochs by the training history, the evaluation around the
runner, which loads, computes and saves. Starting Python, imports and the record in MLflow are in neither.
"""

import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
from kedro.runner import SequentialRunner

from mnist_growth.model_source import Project
from mnist_growth.pipelines import evaluate

EPOCHS = 2


def main() -> None:
    """Train, evaluate, and print both times."""
    project = Path.cwd()
    kedro = Path(sys.executable).with_name("kedro")
    parameters = f"training.epochs={EPOCHS}"
    subprocess.run(
        [kedro, "run", "--env", "fixed", "--pipeline", "train", "--params", parameters], cwd=project, check=True
    )
    history = max((project / "data/06_models/training_history.parquet").glob("*/*.parquet"))
    training = pd.read_parquet(history)["seconds"].sum()
    catalog = Project(project, None, None, {}).context().catalog
    started = time.perf_counter()
    SequentialRunner().run(evaluate.create_pipeline(), catalog)
    evaluation = time.perf_counter() - started
    share = evaluation / training
    print(f"{EPOCHS} epochs {training:.1f} s, evaluation {evaluation:.1f} s: {share:.2f} of it")
    sys.exit(int(evaluation > training))


if __name__ == "__main__":
    main()
