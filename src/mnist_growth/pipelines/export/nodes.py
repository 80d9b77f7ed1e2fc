"""Exporting a trained network to ONNX, and checking what came out on the test digits."""

import logging
from typing import Any

import numpy as np
import onnx

from mnist_growth import export
from mnist_growth.digits import Digits, Split
from mnist_growth.evaluation import check_same_set
from mnist_growth.export import ExportConfig, OnnxNetwork
from mnist_growth.network import TrainedNetwork, predict_logits

logger = logging.getLogger(__name__)

_OTHER_WEIGHT_BITS = {
    7: "keep more of each weight, for processors with VNNI only (export.weight_bits=8)",
    8: "keep products from saturating, as they do without VNNI (export.weight_bits=7)",
}


def export_float(trained: TrainedNetwork, test_digits: Digits) -> onnx.ModelProto:
    """Return the network as an ONNX model of float32 numbers.

    Raises:
        ValueError: The test digits are of another set than the network, or onnxruntime's logits of them differ from
            torch's by more than ``export.MOST_CHANGE``.
    """
    check_same_set(trained.dataset, trained.fingerprint, test_digits)
    model = export.float_model(trained.network, export.origin_of(trained))
    outputs = OnnxNetwork.of(model).predict_logits(test_digits.images)
    change = export.compare_outputs(predict_logits(trained.network, test_digits.images), outputs)
    if not change["largest_relative_change"] <= export.MOST_CHANGE:
        raise ValueError(
            f"onnxruntime's logits of the exported network differ from torch's by "
            f"{change['largest_relative_change']:.1e} of the largest logit, expected at most {export.MOST_CHANGE:.0e}: "
            "the network's weights are too far apart for float32, train it again with more weight decay"
        )
    return model


def export_int8(trained: TrainedNetwork, train_digits: Digits, split: Split, config: ExportConfig) -> onnx.ModelProto:
    """Return the network as an ONNX model of 8-bit integers, calibrated on training digits.

    Raises:
        ValueError: The training digits are of another set than the network, or there is no int8 form of it.
    """
    if train_digits.fingerprint != trained.fingerprint:
        raise ValueError(
            f"The network was trained on {trained.dataset!r}, but the digits ingested last are of another set "
            f"({train_digits.dataset!r}): export it with its own (--load-versions train_digits:<version>)"
        )
    layers = trained.network.affine_chain()
    if layers is None:
        raise ValueError(
            f"A network of kind {trained.network.spec.kind!r} has no int8 form, which is for chains of affine maps and "
            "relu: export it in float32 alone with `kedro run --pipeline export --nodes export_float`"
        )
    rows = np.linspace(0, len(split.train) - 1, min(config.calibration_digits, len(split.train))).astype(np.int64)
    calibration = train_digits.images[split.train[rows]]  # uint8 [M, 28, 28], spread over the whole set
    if config.weight_bits == 8:
        logger.warning(
            "The int8 network has weights of 8 bits: it is wrong on x86 processors without VNNI, whose sums of two "
            "products saturate. export.weight_bits=7 makes it right on every processor"
        )
    return export.int8_model(layers, calibration, export.origin_of(trained), config.weight_bits)


def measure_exports(
    trained: TrainedNetwork,
    network_onnx: onnx.ModelProto,
    network_int8: onnx.ModelProto,
    test_digits: Digits,
    config: ExportConfig,
) -> dict[str, Any]:
    """Return what the network and its exports achieve on the test digits, and where they come from.

    The quantised network is kept also when it has lost more accuracy than it may; a warning then says so.
    """
    models = {"onnx": network_onnx, "int8": network_int8}
    logits = {"torch": predict_logits(trained.network, test_digits.images)}
    logits |= {name: OnnxNetwork.of(model).predict_logits(test_digits.images) for name, model in models.items()}
    sizes = {name: model.ByteSize() for name, model in models.items()}
    metrics = export.export_metrics(logits, test_digits.labels, sizes)
    errors = {name: form["errors"] for name, form in metrics.items()}
    lost = metrics["torch"]["accuracy"] - metrics["int8"]["accuracy"]
    kept = errors["int8"] - errors["torch"] <= config.max_accuracy_loss * len(test_digits)
    if not kept:
        logger.warning(
            "The int8 network has lost %.2f points of accuracy (%d instead of %d errors of %d), more than the %.2f of "
            "export.max_accuracy_loss: use the onnx one, calibrate on more digits (export.calibration_digits), or %s",
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
