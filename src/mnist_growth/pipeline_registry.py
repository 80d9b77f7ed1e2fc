"""Pipelines of ``kedro run --pipeline``."""

from kedro.pipeline import Pipeline

from mnist_growth.pipelines import (
    active,
    analyse,
    compare,
    compress,
    continual,
    drift,
    evaluate,
    explain,
    export,
    family,
    ingest,
    landscape,
    meta,
    novelty,
    predict,
    preprocess,
    report,
    robustness,
    search,
    sweep,
    train,
    tune,
)


def register_pipelines() -> dict[str, Pipeline]:
    """Return all pipelines by name; ``__default__`` is that of ``kedro run`` without options."""
    drift_reference = drift.create_reference_pipeline()
    novelty_detector = novelty.create_pipeline()
    after_training = train.create_results_pipeline() + drift_reference + novelty_detector
    stages = {
        "ingest": _group("ingest", ingest.create_pipeline()),
        "preprocess": _group("preprocess", preprocess.create_pipeline()),
        "train": _group("train", train.create_pipeline() + after_training),
        "evaluate": _group("evaluate", evaluate.create_pipeline()),
        "report": _group("report", report.create_pipeline()),
    }
    predicting = _group("predict", predict.create_pipeline())
    return {
        "__default__": sum(stages.values(), Pipeline([])),
        **stages,
        "analyse": _group("analyse", analyse.create_pipeline()),
        "compress": _group("compress", compress.create_pipeline()),
        "sweep": _group("sweep", sweep.create_pipeline()),
        "active": _group("active", active.create_pipeline()),
        "label": _group("active", active.create_label_pipeline()),
        "continual": _group("continual", continual.create_pipeline()),
        "meta": _group("meta", meta.create_pipeline()),
        "tune": _group("tune", tune.create_pipeline()),
        "search": _group("search", search.create_pipeline()),
        "family": _group("family", family.create_pipeline()),
        "compare": _group("compare", compare.create_pipeline()),
        "explain": _group("explain", explain.create_pipeline()),
        "robustness": _group("robustness", robustness.create_pipeline()),
        "export": _group("export", export.create_pipeline()),
        "landscape": _group("landscape", landscape.create_pipeline()),
        "predict": predicting,
        "drift": predicting + _group("drift", drift.create_pipeline()),
        "drift_reference": _group("train", drift_reference),
        "novelty": _group("train", novelty_detector),
        "resume": _group("train", train.create_resume_pipeline() + after_training)
        + stages["evaluate"]
        + stages["report"],
    }


def _group(name: str, pipeline: Pipeline) -> Pipeline:
    """Put the nodes of a pipeline into a namespace, which Kedro-Viz shows as one box until it is opened."""
    return Pipeline(pipeline.nodes, namespace=name, prefix_datasets_with_namespace=False)
