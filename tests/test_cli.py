"""The commands of the project."""

import subprocess
import sys
from pathlib import Path

from mnist_growth import cli

ROOT = Path(__file__).parents[1]


def test_kedro_run_keeps_all_its_options():
    names = {parameter.name for parameter in cli.run.params}

    assert {parameter.name for parameter in cli.kedro_run.params} | {"verbose"} == names
    assert {"pipeline", "pipelines", "params", "load_versions", "env"} <= names
    assert "verbose" not in {parameter.name for parameter in cli.kedro_run.params}


def test_the_commands_start_without_the_large_libraries():
    """Kedro imports the settings, and with them the hooks, for every command."""
    modules = "torch", "mlflow", "pandas", "plotly", "sklearn", "scipy"
    imports = "import sys, mnist_growth.cli, mnist_growth.settings"
    code = f"{imports}; print([name for name in {modules} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout == "[]\n"


def test_registering_the_pipelines_leaves_out_the_libraries_that_few_nodes_need():
    modules = "scipy.stats", "scipy.optimize", "scipy.sparse", "sklearn", "skimage", "onnxruntime", "optuna"
    imports = "import sys; from mnist_growth.pipeline_registry import register_pipelines; register_pipelines()"
    code = f"{imports}; print([name for name in {modules} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout == "[]\n"
