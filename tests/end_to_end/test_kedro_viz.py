"""`kedro viz`: the pipelines, the data and the figures."""

import json

LAYERS = ["raw", "intermediate", "primary", "models", "model_output", "reporting"]


def test_the_static_site_shows_pipelines_layers_and_previews(smoke_run, tmp_path):
    project = smoke_run.project.copy(tmp_path / "project")

    result = project.kedro("viz", "build", "--include-previews")

    assert result.code == 0, result
    site = project.folder / "build"
    main = json.loads((site / "api/main").read_text())
    assert {pipeline["id"] for pipeline in main["pipelines"]} == {
        "__default__",
        "ingest",
        "preprocess",
        "train",
        "evaluate",
        "resume",
    }
    assert main["layers"] == LAYERS
    nodes = {node["name"]: node["id"] for node in main["nodes"]}
    previews = {
        name: json.loads((site / "api/nodes" / nodes[name]).read_text()).get("preview")
        for name in ("growth_figure", "confusion_matrix_figure", "test_metrics", "training_history", "split")
    }
    assert all(previews.values()), previews
    assert (site / "index.html").is_file()
