from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner

from mnist_growth import progress
from mnist_growth.hooks import ProgressHooks


def test_loading_running_and_saving_are_steps(monkeypatch):
    steps = []
    monkeypatch.setattr(progress, "begin", steps.append)
    monkeypatch.setattr(progress, "end", lambda: steps.append(""))
    manager = _create_hook_manager()
    manager.register(ProgressHooks())
    node = Node(lambda digits: digits + 1, inputs="test_digits", outputs="class_metrics", name="measure_all")
    pipeline = Pipeline([node], namespace="evaluate", prefix_datasets_with_namespace=False)
    catalog = DataCatalog({"test_digits": MemoryDataset(1), "class_metrics": MemoryDataset()})

    SequentialRunner().run(pipeline, catalog, manager)
    manager.hook.after_pipeline_run(run_params={}, run_result={}, pipeline=pipeline, catalog=catalog)

    assert steps == [
        "evaluate: load test digits",
        "",
        "evaluate: measure all",
        "",
        "evaluate: save class metrics",
        "",
        "finish the run",
    ]


def test_a_node_without_a_pipeline_is_named_alone(monkeypatch):
    steps = []
    monkeypatch.setattr(progress, "begin", steps.append)

    ProgressHooks().before_node_run(Node(len, inputs="digits", outputs="count", name="count_digits"))

    assert steps == ["count digits"]
