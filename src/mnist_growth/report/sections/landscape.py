"""The loss around the network: curvature, spectrum and surface."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, nats, percent, scientific, significant
from mnist_growth.report.tables import Columns, described, key_values
from mnist_growth.report.topic import Body, Topic

_NUMBERS: Columns = {
    "loss": ("loss at the network", nats),
    "loss_with_batch_statistics": ("the same with the batch statistics of these digits", nats),
    "hessian_largest": ("largest eigenvalue of the Hessian", significant),
    "hessian_smallest": ("smallest eigenvalue of the Hessian", significant),
    "condition_number": ("condition number, largest / smallest eigenvalue", significant),
    "condition_number_of_moduli": ("condition number of the moduli", significant),
    "hessian_trace": ("trace of the Hessian", significant),
    "negative_curvature_share": ("share of negative curvature", percent),
    "sharpness": ("sharpness: largest loss increase found nearby (nats)", significant),
    "gradient_noise_scale": ("gradient noise scale (digits)", count),
    "gradient_noise_scale_low": ("lower end of its 95 % interval", count),
}
_BLOCKS: Columns = {
    "group": ("units", str),
    "born_epoch": ("first epoch of the units", count),
    "units": ("units", count),
    "parameters": ("parameters", count),
    "largest_eigenvalue": ("largest eigenvalue, at least", significant),
    "trace": ("trace", significant),
    "trace_per_parameter": ("trace per parameter", scientific),
}
_CURVATURE = (
    "The Hessian contains the second derivatives of the mean loss of some test digits with respect to all parameters. "
    "Its eigenvalues are the curvatures along its eigenvectors: positive where the loss rises on both sides, negative "
    "where it falls. The share of negative curvature is the sum of the moduli of the negative eigenvalues divided by "
    "that of all. A smaller trace and a smaller sharpness mean a flatter minimum. The gradient noise scale is the "
    "batch size up to which larger batches make proportionally better steps."
)
_SADDLE = (
    "The smallest eigenvalue is negative: the network is not at a minimum of this loss, and the condition number is "
    "negative. The condition number of the moduli ignores the sign."
)
_READING = (
    "Spectrum: most eigenvalues are near 0; the few large ones are the steep directions. Blocks: each point is the "
    "part of the Hessian that belongs to the parameters of the units of one layer and growth. Surface: at a distance "
    "of 1, the weights of every unit have changed by as much as they are long. Batch norms are measured again at each "
    "point, so the loss in the centre differs slightly from that of the network."
)


def _body(results: Mapping[str, Any]) -> Body:
    metrics, blocks = results["landscape_metrics"], results["hessian_blocks"]
    saddle = [_SADDLE] if metrics["hessian_smallest"] < 0 else []
    return Body(
        [_CURVATURE, *saddle, _READING],
        [
            key_values("landscape_metrics", "Curvature at the network, with 95 % intervals", metrics, _NUMBERS),
            described("hessian_blocks", "Blocks of the Hessian by layer and growth", blocks, _BLOCKS),
        ],
    )


TOPIC = Topic(
    "landscape",
    "Loss around the network",
    (
        "landscape_metrics",
        "hessian_blocks",
        "hessian_spectrum_figure",
        "hessian_blocks_figure",
        "loss_contours_figure",
        "loss_relief_figure",
    ),
    _body,
    optional=True,
)
