"""Pipeline of the prediction of many images."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.predict.nodes import describe_predictions, predict_images, watch_drift


def create_pipeline() -> Pipeline:
    """Return the pipeline from a network, its drift reference and a folder to predictions and a drift report."""
    return Pipeline(
        [
            Node(
                predict_images,
                inputs=["network", "novelty_detector", "params:predict", "params:novelty"],
                outputs="batch_predictions",
                name="predict_images",
            ),
            Node(
                describe_predictions,
                inputs=["batch_predictions", "network", "params:predict"],
                outputs="batch_provenance",
                name="describe_predictions",
            ),
            Node(
                watch_drift,
                inputs=["batch_predictions", "drift_reference", "params:drift"],
                outputs="drift_report",
                name="watch_drift",
            ),
        ]
    )
