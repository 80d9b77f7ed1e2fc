"""Pipelines of ``kedro run --pipeline``."""

from kedro.pipeline import Pipeline

from mnist_growth.pipelines import (
    analyse,
    compare,
    drift,
    evaluate,
    export,
    ingest,
    novelty,
    predict,
    preprocess,
    report,
    train,
)


def register_pipelines() -> dict[str, Pipeline]:
    """Return all pipelines by name; ``__default__`` is that of ``kedro run`` without options."""
    drift_reference = drift.create_reference_pipeline()
    novelty_detector = novelty.create_pipeline()
    after_training = train.create_results_pipeline() + drift_reference + novelty_detector
    stages = {
        "ingest": ingest.create_pipeline(),
        "preprocess": preprocess.create_pipeline(),
        "train": train.create_pipeline() + after_training,
        "evaluate": evaluate.create_pipeline(),
        "report": report.create_pipeline(),
    }
    return {
        "__default__": sum(stages.values(), Pipeline([])),
        **stages,
        "analyse": analyse.create_pipeline(),
        "compare": compare.create_pipeline(),
        "export": export.create_pipeline(),
        "predict": predict.create_pipeline(),
        "drift": predict.create_pipeline() + drift.create_pipeline(),
        "drift_reference": drift_reference,
        "novelty": novelty_detector,
        "resume": train.create_resume_pipeline() + after_training + stages["evaluate"] + stages["report"],
    }
