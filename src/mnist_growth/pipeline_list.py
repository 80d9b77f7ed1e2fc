"""Names of the pipelines and what they do, which commands show without importing what the pipelines run."""

from collections.abc import Mapping

PIPELINES: Mapping[str, str] = {
    "__default__": "ingest, preprocess, train, evaluate and report",
    "ingest": "download, verify and store the digits",
    "preprocess": "split the digits and measure their pixels",
    "train": "train a network on the digits that were preprocessed last",
    "resume": "continue the last training from its checkpoint, then evaluate and report",
    "evaluate": "test the newest network",
    "report": "write the report on the newest network, with all of its results",
    "analyse": "find out what makes digits hard: style, changes, near-duplicates, doubtful labels",
    "explain": "explain the answers of the newest network: evidence in pixels, units and layers, decision boundaries",
    "landscape": "measure curvature and surface of the loss, the path of the training and paths between networks",
    "robustness": "attack, corrupt and bound the newest network: how much change it withstands",
    "compress": "make smaller and faster networks from the newest network, and choose one by constraint",
    "sweep": "train with other parameters: how accuracy, time and memory depend on them",
    "tune": "search for the parameters with the smallest validation loss; `--env tuned` uses them",
    "search": "search widths and depth by growth, evolution and random choices, at equal work",
    "family": "train networks of several widths in one growing training",
    "active": "let networks choose which images are labelled, and count the labels that they need",
    "label": "choose the images of active.folder that are most worth a label",
    "continual": "let a network learn tasks one after the other, and measure what it forgets",
    "meta": "learn new classes from a few images: meta-learning against simpler methods",
    "compare": "compare the newest network with the previous one",
    "export": "export the newest network to ONNX, float32 and int8",
    "predict": "predict the images of predict.folder",
    "drift": "predict them, and draw how far they are from the training digits",
    "drift_reference": "create the drift reference of the newest network",
    "novelty": "create the novelty detector of the newest network",
}
"""What each pipeline does, in the order in which they are usually run."""
