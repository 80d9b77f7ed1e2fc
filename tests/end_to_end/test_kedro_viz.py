"""`kedro viz`: the pipelines, the data and the figures."""

import json

from mnist_growth.pipeline_registry import register_pipelines

LAYERS = ["raw", "intermediate", "primary", "models", "model_output", "reporting"]


def test_the_static_site_shows_pipelines_layers_and_previews(smoke_run, tmp_path, empty_database):
    project = smoke_run.project.copy(tmp_path / "project", empty_database)

    result = project.kedro("viz", "build", "--include-previews")

    # Kedro-Viz ends with 0 even if it fails: what it says is in the output.
    assert result.code == 0, result
    assert "Success!" in result.stdout, result
    site = project.folder / "build"
    assert (site / "api/main").is_file(), result
    main = json.loads((site / "api/main").read_text())
    assert {pipeline["id"] for pipeline in main["pipelines"]} == set(register_pipelines())
    assert main["layers"] == LAYERS
    nodes = {node["name"]: node["id"] for node in main["nodes"] if node["type"] == "data"}
    kinds = {
        name: json.loads((site / "api/nodes" / node).read_text()).get("preview_type") for name, node in nodes.items()
    }
    assert {name: kind for name, kind in kinds.items() if kind} == {
        "data_manifest": "JSONPreview",
        "split": "TablePreview",
        "pixel_statistics": "JSONPreview",
        "training_history": "TablePreview",
        "growth_events": "TablePreview",
        "predictions": "TablePreview",
        "class_metrics": "TablePreview",
        "confusion_matrix": "TablePreview",
        "confused_pairs": "TablePreview",
        "accuracy_by_part": "TablePreview",
        "reliability_curve": "TablePreview",
        "confident_mistakes": "TablePreview",
        "ambiguous_digits": "TablePreview",
        "test_metrics": "JSONPreview",
        "training_summary": "JSONPreview",
        "unit_cohorts": "TablePreview",
        "layer_costs": "TablePreview",
        "memory_parts": "TablePreview",
        **{name: "PlotlyPreview" for name in kinds if name.endswith("_figure")},
    }
    assert "growth_figure" in kinds
    assert (site / "index.html").is_file()
