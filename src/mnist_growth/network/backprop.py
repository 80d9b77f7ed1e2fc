"""Loss and gradients of the growing network by the hand-derived formulas, without autograd.

What autograd does beside the matrix products (graph, allocations, casts of the weights for each use) costs a small
network a fifth of its training step. Here every gradient has one buffer that stays, what can be done in place is, and
in low precision each weight is rounded once per update.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_growth.network.mlp import CLASSES, GrowingMLP, HiddenLayer


@dataclass(frozen=True)
class BatchResult:
    """What some images did, before the update that they are part of.

    Attributes:
        loss_sum: float scalar, cross-entropy summed over the images, in nats.
        right_sum: int64 scalar, number of images that were classified right.
    """

    loss_sum: Tensor
    right_sum: Tensor


@dataclass(frozen=True)
class _Activations:
    """What the backward pass needs of a hidden layer.

    Attributes:
        inputs: [N, fan_in].
        sums: [N, width], before batch norm.
        outputs: [N, width], after relu.
        mean: float [width], of the sums over the images; None without batch norm.
        inverse_std: float [width], likewise.
    """

    inputs: Tensor
    sums: Tensor
    outputs: Tensor
    mean: Tensor | None
    inverse_std: Tensor | None


class Backprop:
    """Forward and backward passes in training mode, whose gradients add up in the ``grad`` of the parameters.

    The gradients are those of autograd up to rounding: with Z the logits, A = softmax(Z) and Y the targets,
    dL/dZ = (A - Y) / N, dL/dW = dL/dZ^T H for the layer's inputs H, dL/dH = dL/dZ W, through relu where H > 0, and
    through batch norm as in Ioffe and Szegedy (2015), section 3. Made for one network: it is made anew after a growth.

    Args:
        network: in training mode, with contiguous parameters.
        dtype: of the matrix products and activations. Weights are rounded to it once per update, and gradients of
            weights are computed in it and summed in the dtype of the weights. None: the dtype of the weights.
    """

    def __init__(self, network: GrowingMLP, dtype: torch.dtype | None = None) -> None:
        self.network = network
        self.dtype = dtype or network.output.weight.dtype
        self._is_low = self.dtype != network.output.weight.dtype
        self._layers = network.linear_layers()
        self._masters = [layer.weight.detach() for layer in self._layers]
        self._weights = [master.to(self.dtype) for master in self._masters]  # the masters themselves in full precision
        self._products = [torch.empty_like(weight) for weight in self._weights] if self._is_low else []
        self._parameters = list(network.parameters())
        self._gradients = [torch.empty_like(parameter) for parameter in self._parameters]
        self._is_first = True
        self._targets: dict[float, Tensor] = {}

    @torch.no_grad()
    def begin(self) -> None:
        """Forget the gradients, and take over the weights as they are now; to be called before every update."""
        self._is_first = True
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = gradient
        if self._is_low:
            torch._foreach_copy_(self._weights, self._masters)

    @torch.no_grad()
    def add(self, images: Tensor, labels: Tensor, *, share: float = 1.0, label_smoothing: float = 0.0) -> BatchResult:
        """Add the gradient of the mean cross-entropy of some images; running statistics of batch norm move along.

        Args:
            images: uint8 or float [N, 28, 28] on the 0-255 scale; with batch norm at least 2.
            labels: int64 [N].
            share: factor of the gradient: the share of the whole batch that the images are.
            label_smoothing: share of the target that is spread evenly over all classes.
        """
        outputs = self.network.normalised(images).to(self.dtype)
        kept = []
        for index, layer in enumerate(self.network.hidden):
            assert isinstance(layer, HiddenLayer)
            kept.append(self._forward(index, layer, outputs))
            outputs = kept[-1].outputs
        logits = torch.mm(outputs, self._weights[-1].t()).to(self._masters[-1].dtype).add_(self.network.output.bias)
        logarithms = F.log_softmax(logits, dim=1)
        targets = self._target_table(label_smoothing).index_select(0, labels)
        result = BatchResult(
            loss_sum=-torch.dot(targets.flatten(), logarithms.flatten()),
            right_sum=(logits.argmax(1) == labels).sum(),
        )
        gradient = logarithms.exp_().sub_(targets).mul_(share / len(labels))
        self._accumulate(self.network.output.bias, gradient.sum(0))
        gradient = gradient.to(self.dtype)
        self._add_weight_gradient(len(kept), gradient, outputs)
        for index in reversed(range(len(kept))):
            gradient = torch.mm(gradient, self._weights[index + 1])
            gradient = self._backward(index, kept[index], gradient)
            self._add_weight_gradient(index, gradient, kept[index].inputs)
        self._is_first = False
        return result

    def _forward(self, index: int, layer: HiddenLayer, inputs: Tensor) -> _Activations:
        """One hidden layer."""
        sums = torch.mm(inputs, self._weights[index].t())
        norm = layer.norm
        if norm is None:
            outputs = sums.add_(layer.linear.bias).relu_()
            return _Activations(inputs, sums, outputs, None, None)
        outputs, mean, inverse_std = torch.native_batch_norm(
            sums, norm.weight, norm.bias, norm.running_mean, norm.running_var, True, _momentum(norm), norm.eps
        )
        assert norm.num_batches_tracked is not None
        norm.num_batches_tracked += 1
        return _Activations(inputs, sums, outputs.relu_(), mean, inverse_std)

    def _backward(self, index: int, kept: _Activations, gradient: Tensor) -> Tensor:
        """From the gradient of a layer's outputs, which is written over, to that of its sums before batch norm."""
        layer = self.network.hidden[index]
        assert isinstance(layer, HiddenLayer)
        torch.ops.aten.threshold_backward.grad_input(gradient, kept.outputs, 0, grad_input=gradient)
        norm = layer.norm
        if norm is None:
            self._accumulate(layer.linear.bias, gradient.sum(0))
            return gradient
        gradient, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradient, kept.sums, norm.weight, None, None, kept.mean, kept.inverse_std, True, norm.eps, [True] * 3
        )
        self._accumulate(norm.weight, of_weight)
        self._accumulate(norm.bias, of_bias)
        return gradient

    def _add_weight_gradient(self, index: int, gradient: Tensor, inputs: Tensor) -> None:
        """Add dL/dZ^T H to the gradient of a weight matrix."""
        weight = self._layers[index].weight
        if self._is_low:
            self._accumulate(weight, torch.mm(gradient.t(), inputs, out=self._products[index]))
        elif self._is_first:
            torch.mm(gradient.t(), inputs, out=weight.grad)
        else:
            _gradient(weight).addmm_(gradient.t(), inputs)

    def _accumulate(self, parameter: Tensor, value: Tensor) -> None:
        """Add to the gradient of a parameter."""
        if self._is_first:
            _gradient(parameter).copy_(value)
        else:
            _gradient(parameter).add_(value)

    def _target_table(self, label_smoothing: float) -> Tensor:
        """Targets float [10, 10]: a row for each class."""
        if label_smoothing not in self._targets:
            like = self._masters[-1]
            one_hot = torch.eye(CLASSES, dtype=like.dtype, device=like.device)
            self._targets[label_smoothing] = one_hot.mul_(1 - label_smoothing).add_(label_smoothing / CLASSES)
        return self._targets[label_smoothing]


def _gradient(parameter: Tensor) -> Tensor:
    """The gradient of a parameter that has one."""
    assert parameter.grad is not None
    return parameter.grad


def _momentum(norm: nn.BatchNorm1d) -> float:
    """Share of the newest batch in the running statistics."""
    assert norm.momentum is not None
    return norm.momentum
