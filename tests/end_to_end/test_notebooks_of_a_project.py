"""The notebooks that read what a run has left."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def run(name: str, project) -> str:
    """Run a notebook beside a project's data; give back all texts that it shows."""
    [path] = FOLDER.glob(f"{name}_*.ipynb")
    folder = project.folder / "notebooks"
    folder.mkdir(exist_ok=True)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = "\n".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)
    return re.sub(r"\x1b\[[0-9;]*m|\s+", " ", shown)  # without the colours and lines that Kedro's rich makes of it


def test_the_tour_of_the_catalog_shows_the_newest_results(trained):
    text = run("01", trained)

    assert "'confusion_matrix'" in text
    assert "of 500 test digits, 95 % interval" in text


def test_runs_are_compared_from_their_record(smoke_run):
    text = run("03", smoke_run.project)

    assert "smoke" in text
    assert "validation_accuracy" in text
