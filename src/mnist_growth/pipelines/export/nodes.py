"""Export of a trained network to ONNX, and evaluation of the exports on the test digits."""

import logging
from typing import Any

import numpy as np
import onnx

from mnist_growth import export
from mnist_growth.digits import Digits, Split, evenly_spread
from mnist_growth.evaluation import check_same_set
from mnist_growth.export import ExportConfig, OnnxNetwork
from mnist_growth.network import Network, TrainedNetwork, predict_logits

logger = logging.getLogger(__name__)

_OTHER_WEIGHT_BITS = {
    7: "use 8-bit weights if all processors have VNNI (export.weight_bits=8)",
    8: "use 7-bit weights, which do not saturate on processors without VNNI (export.weight_bits=7)",
}


def export_float(trained: TrainedNetwork, test_digits: Digits) -> onnx.ModelProto:
    """Return the network as an ONNX model of float32 numbers.

    Raises:
        ValueError: The network was trained on another dataset, or the logits of onnxruntime differ from those of torch
            by more than `export.MAX_RELATIVE_CHANGE`.
    """
    check_same_set(trained.dataset, trained.fingerprint, test_digits)
    model = export.float_model(trained.network, export.origin_of(trained))
    outputs = OnnxNetwork.of(model).predict_logits(test_digits.images)
    change = export.compare_outputs(predict_logits(trained.network, test_digits.images), outputs)
    if not change["largest_relative_change"] <= export.MAX_RELATIVE_CHANGE:
        raise ValueError(
            f"The logits of the exported network differ from torch's by {change['largest_relative_change']:.1e} of the "
            f"largest logit; expected at most {export.MAX_RELATIVE_CHANGE:.0e}: the range of the weights is too large "
            "for float32, so train the network again with more weight decay"
        )
    return model


def export_int8(trained: TrainedNetwork, train_digits: Digits, split: Split, config: ExportConfig) -> onnx.ModelProto:
    """Return the network as an ONNX model of 8-bit integers, calibrated on training digits.

    Raises:
        ValueError: The network was trained on another dataset; or it is not a chain of affine maps and relu, and loses
            more accuracy than allowed.
    """
    if train_digits.fingerprint != trained.fingerprint:
        raise ValueError(
            f"The network was trained on {trained.dataset!r}, but the newest training digits are of another dataset "
            f"({train_digits.dataset!r}): load those of the network with --load-versions train_digits:<version>"
        )
    integers = trained.network.integer_chain()
    if integers is not None:
        if export.may_saturate(integers):
            _warn_of_eight_bits("Make a network with fewer bits (compress.variants)")
        return export.integer_model(integers, export.origin_of(trained))
    calibration = train_digits.images[evenly_spread(split.train, config.calibration_digits)]  # uint8 [M, 28, 28]
    if config.weight_bits == 8:
        _warn_of_eight_bits("Use export.weight_bits=7")
    layers = trained.network.affine_chain()
    if layers is not None:
        return export.int8_model(layers, calibration, export.origin_of(trained), config.weight_bits)
    graph = export.trace(trained.network)
    model = export.traced_int8_model(graph, calibration, export.origin_of(trained), config.weight_bits)
    _refuse_lost_accuracy(trained.network, model, train_digits, split, config)
    return model


def _refuse_lost_accuracy(
    network: Network, model: onnx.ModelProto, train_digits: Digits, split: Split, config: ExportConfig
) -> None:
    """Refuse an int8 model that classifies too few of the validation digits correctly."""
    validation = np.sort(split.validation)
    images, labels = np.asarray(train_digits.images[validation]), train_digits.labels[validation]
    accuracy, exported = (
        float((logits.argmax(axis=1) == labels).mean())
        for logits in (predict_logits(network, images), export.OnnxNetwork.of(model).predict_logits(images))
    )
    if accuracy - exported > config.max_accuracy_loss:
        raise ValueError(
            f"A network of kind {network.spec.kind!r} loses {100 * (accuracy - exported):.2f} points of accuracy on "
            f"the validation digits in int8, and export.max_accuracy_loss allows {100 * config.max_accuracy_loss:.2f}: "
            "export it in float32 with `kedro run --pipeline export --nodes export.export_float`"
        )


def _warn_of_eight_bits(advice: str) -> None:
    logger.warning(
        "The int8 network has 8-bit weights: on x86 processors without VNNI, sums of two products saturate and the "
        "results are wrong. %s for correct results on every processor",
        advice,
    )


def measure_exports(
    trained: TrainedNetwork,
    network_onnx: onnx.ModelProto,
    network_int8: onnx.ModelProto,
    test_digits: Digits,
    config: ExportConfig,
) -> dict[str, Any]:
    """Return the metrics of the network and its exports on the test digits, and their origin.

    If the int8 network has lost more accuracy than allowed, a warning says so; it is saved in any case.
    """
    models = {"onnx": network_onnx, "int8": network_int8}
    logits = {"torch": predict_logits(trained.network, test_digits.images)}
    logits |= {name: OnnxNetwork.of(model).predict_logits(test_digits.images) for name, model in models.items()}
    sizes = {name: model.ByteSize() for name, model in models.items()}
    metrics = export.export_metrics(logits, test_digits.labels, sizes)
    errors = {name: values["errors"] for name, values in metrics.items()}
    lost = metrics["torch"]["accuracy"] - metrics["int8"]["accuracy"]
    kept = errors["int8"] - errors["torch"] <= config.max_accuracy_loss * len(test_digits)
    if not kept:
        logger.warning(
            "The int8 network has lost %.2f points of accuracy (%d instead of %d errors in %d digits); "
            "export.max_accuracy_loss allows %.2f: use the float32 network, calibrate on more digits "
            "(export.calibration_digits), or %s",
            100 * lost,
            errors["int8"],
            errors["torch"],
            len(test_digits),
            100 * config.max_accuracy_loss,
            _OTHER_WEIGHT_BITS[config.weight_bits],
        )
    logger.info(
        "exported to ONNX: float32 %.2f MB, %d errors of %d; int8 %.2f MB, %d errors; torch %d errors",
        sizes["onnx"] / 1e6,
        errors["onnx"],
        len(test_digits),
        sizes["int8"] / 1e6,
        errors["int8"],
        errors["torch"],
    )
    return {
        **metrics,
        "int8_size_ratio": sizes["int8"] / sizes["onnx"],
        "int8_accuracy_lost": lost,
        "int8_accuracy_kept": kept,
        "examples": len(test_digits),
        "dataset": trained.dataset,
        "fingerprint": trained.fingerprint,
        "network_version": trained.version,
        "hidden_widths": list(trained.network.widths),
        "runtime": export.runtime(),
    }
