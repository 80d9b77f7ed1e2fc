"""Loss and gradients of the multilayer perceptron by hand-derived formulas, without autograd.

Autograd has an overhead besides the matrix products: the graph, allocations, and a cast of the weights for each use.
Here every gradient has one buffer that is reused, operations are done in place where possible, and in low precision
each weight is rounded once per update.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mnist_growth.learning.global_norm import BatchStatistics, normalise, normalise_backward
from mnist_growth.learning.loss import CrossEntropy, Loss
from mnist_growth.learning.objective import BatchResult
from mnist_growth.machine import ProcessGroup
from mnist_growth.network import GrowingMLP, Network
from mnist_growth.network.hidden_layer import HiddenLayer
from mnist_growth.network.interface import PIXEL_RANGE


@dataclass(frozen=True)
class Activations:
    """What the backward pass needs of a hidden layer.

    Attributes:
        inputs: [N, fan_in], in the dtype of the matrix products.
        pre_activations: [N, width], the inputs of batch norm, in the dtype of the matrix products; without batch norm
            the same tensor as ``outputs``.
        outputs: [N, width], after relu, in the dtype of the matrix products.
        mean: float32 [width], batch mean of the pre-activations; None without batch norm.
        inverse_std: float32 [width], one over their batch standard deviation; None without batch norm.
        images: Number of images in all processes that the statistics are over; None if they are those of this process.
    """

    inputs: Tensor
    pre_activations: Tensor
    outputs: Tensor
    mean: Tensor | None
    inverse_std: Tensor | None
    images: Tensor | None = None


class Backprop:
    """Loss of a multilayer perceptron in training mode; gradients accumulate in ``grad`` of the parameters.

    The gradients are those of autograd up to rounding: with Z the logits, A = softmax(Z) and Y the targets,
    dL/dZ = (A - Y) / N for the cross-entropy, dL/dW = (dL/dZ)^T H for the layer's inputs H, dL/dH = dL/dZ W, through
    relu where H > 0, and through batch norm as in Ioffe and Szegedy (2015), section 3.

    Args:
        network: A ``GrowingMLP`` in training mode, with contiguous parameters.
        dtype: Dtype of the matrix products and activations. Weights are rounded to it once per update. Gradients of
            weights are computed in it and accumulated in the dtype of the weights. None: the dtype of the weights.
        label_smoothing: Fraction of the target probability that is spread evenly over all classes.
        loss: Gives dL/dZ; None for the cross-entropy. ``input_gradient`` is that of the cross-entropy in any case.

    Raises:
        TypeError: The network is of another kind.
    """

    def __init__(
        self,
        network: Network,
        dtype: torch.dtype | None = None,
        label_smoothing: float = 0.0,
        loss: Loss | None = None,
    ) -> None:
        if not isinstance(network, GrowingMLP) or not self.supports(network):
            raise TypeError(f"Backprop supports networks of kind 'mlp', found {network.spec.kind!r}; use Autograd")
        self.network = network
        self.dtype = dtype or network.dtype
        self._is_low = self.dtype != network.dtype
        self._layers = network.linear_layers()
        self._masters = [layer.weight.detach() for layer in self._layers]
        self._weights = [master.to(self.dtype) for master in self._masters]  # the masters themselves in full precision
        self._products = [torch.empty_like(weight) for weight in self._weights] if self._is_low else []
        self._parameters = list(network.parameters())
        self._gradients = [torch.empty_like(parameter) for parameter in self._parameters]
        self._is_first = True
        self._cross_entropy = CrossEntropy(network, label_smoothing)
        self._loss = loss or self._cross_entropy
        self._norm_processes: ProcessGroup | None = None
        self._on_complete: Callable[[Tensor], None] | None = None

    def distribute(self, norm_processes: ProcessGroup | None, on_complete: Callable[[Tensor], None]) -> None:
        """Compute a share of each batch, while other processes compute the others.

        Args:
            norm_processes: Batch norm normalises over their images together; None: over those of this process.
            on_complete: Called in every ``add`` with each parameter whose gradient is complete.
        """
        self._norm_processes, self._on_complete = norm_processes, on_complete

    @staticmethod
    def supports(network: Network) -> bool:
        """Return whether the gradients of a network can be computed by these formulas."""
        return type(network) is GrowingMLP  # a subclass may compute another function

    @torch.no_grad()
    def begin(self) -> None:
        """Discard the gradients, and read the weights as they are now."""
        self._is_first = True
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = gradient
        if self._is_low:
            self._round_weights()

    @torch.no_grad()
    def add(self, images: Tensor, labels: Tensor, share: float = 1.0) -> BatchResult:
        """Add the gradient of the loss of some images, and update the running statistics of batch norm.

        See ``Objective.add`` for the arguments.
        """
        outputs = self._inputs(images)
        kept = []
        for index, layer in enumerate(self.network.hidden):
            assert isinstance(layer, HiddenLayer)
            kept.append(self._forward(index, layer, outputs))
            outputs = kept[-1].outputs
        result, gradient = self._compare(outputs, labels, images, share / len(labels))
        self._add_weight_gradient(len(kept), gradient, outputs)
        for index in reversed(range(len(kept))):
            gradient = torch.mm(gradient, self._weights[index + 1])
            gradient = self._backward(index, kept[index], gradient)
            self._add_weight_gradient(index, gradient, kept[index].inputs)
        self._is_first = False
        return result

    def finish(self) -> None:
        """Do nothing: the gradients are complete."""

    @torch.no_grad()
    def input_gradient(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the gradient of each image's loss with respect to its pixels; see ``Objective.input_gradient``.

        Batch norm uses its running statistics, with which it is the affine map y = g z + s.
        """
        outputs = self._inputs(images)
        kept = []
        for layer, weight in zip(self.network.hidden, self._weights, strict=False):
            assert isinstance(layer, HiddenLayer)
            gain, shift = _affine(layer, self.dtype)
            outputs = torch.mm(outputs, weight.t())
            outputs = (outputs.add_(shift) if gain is None else torch.addcmul(shift, outputs, gain)).relu_()
            kept.append((outputs, gain))
        logits = torch.mm(outputs, self._weights[-1].t()).to(self._masters[-1].dtype).add_(self.network.output.bias)
        gradient = torch.softmax(logits, dim=1).sub_(self._cross_entropy.targets(labels)).to(self.dtype)
        for weight, (outputs, gain) in zip(self._weights[:0:-1], reversed(kept), strict=True):
            gradient = torch.mm(gradient, weight)
            torch.ops.aten.threshold_backward.grad_input(gradient, outputs, 0, grad_input=gradient)
            if gain is not None:
                gradient.mul_(gain)
        gradient = torch.mm(gradient, self._weights[0]).to(self.network.dtype)
        return gradient.div_(PIXEL_RANGE * self.network.pixel_std).view_as(images)

    def _round_weights(self) -> None:
        """Read the weights in the dtype of the matrix products."""
        torch._foreach_copy_(self._weights, self._masters)

    def _inputs(self, images: Tensor) -> Tensor:
        """Return normalised pixels, [N, 784], in the dtype of the matrix products."""
        return self.network.normalised(images).to(self.dtype)

    def _compare(self, outputs: Tensor, labels: Tensor, images: Tensor, scale: float) -> tuple[BatchResult, Tensor]:
        """Compute the logits and compare them with the labels; accumulate the gradient of the output layer's bias.

        Args:
            outputs: Of the last hidden layer, [N, width], in the dtype of the matrix products.
            labels: int64 [N].
            images: As the network received them.
            scale: Factor of the gradients.

        Returns:
            Loss and number of correct answers, and the gradient with respect to the logits, [N, C] in the dtype of the
            matrix products.
        """
        bias = self.network.output.bias
        logits = torch.mm(outputs, self._weights[-1].t()).to(bias.dtype).add_(bias)
        loss, gradient = self._loss(logits, labels, images)
        result = BatchResult(loss_sum=loss, correct_count=(logits.argmax(1) == labels).sum())
        gradient.mul_(scale)
        self._accumulate(bias, gradient.sum(0))
        return result, gradient.to(self.dtype)

    def _forward(self, index: int, layer: HiddenLayer, inputs: Tensor) -> Activations:
        """Compute one hidden layer."""
        pre_activations = torch.mm(inputs, self._weights[index].t())
        norm = layer.norm
        if norm is None:
            outputs = pre_activations.add_(layer.linear.bias).relu_()
            return Activations(inputs, outputs, outputs, None, None)
        assert norm.num_batches_tracked is not None
        norm.num_batches_tracked += 1
        if self._norm_processes is not None:
            running = (
                None if norm.running_mean is None or norm.running_var is None else (norm.running_mean, norm.running_var)
            )
            outputs, over_all = normalise(
                pre_activations, norm.weight, norm.bias, running, _momentum(norm), norm.eps, self._norm_processes
            )
            return Activations(
                inputs, pre_activations, outputs.relu_(), over_all.mean, over_all.inverse_std, over_all.images
            )
        outputs, mean, inverse_std = torch.native_batch_norm(
            pre_activations,
            norm.weight,
            norm.bias,
            norm.running_mean,
            norm.running_var,
            True,
            _momentum(norm),
            norm.eps,
        )
        return Activations(inputs, pre_activations, outputs.relu_(), mean, inverse_std)

    def _backward(self, index: int, kept: Activations, gradient: Tensor) -> Tensor:
        """Return the gradient of a layer's pre-activations from that of its outputs, which is overwritten."""
        layer = self.network.hidden[index]
        assert isinstance(layer, HiddenLayer)
        torch.ops.aten.threshold_backward.grad_input(gradient, kept.outputs, 0, grad_input=gradient)
        norm = layer.norm
        if norm is None:
            self._accumulate(layer.linear.bias, gradient.sum(0))
            return gradient
        if self._norm_processes is not None:
            assert kept.mean is not None
            assert kept.inverse_std is not None
            assert kept.images is not None
            over_all = BatchStatistics(kept.mean, kept.inverse_std, kept.images)
            gradient, of_weight, of_bias = normalise_backward(
                gradient, kept.pre_activations, norm.weight, over_all, self._norm_processes
            )
        else:
            gradient, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
                gradient,
                kept.pre_activations,
                norm.weight,
                None,
                None,
                kept.mean,
                kept.inverse_std,
                True,
                norm.eps,
                [True] * 3,
            )
        self._accumulate(norm.weight, of_weight)
        self._accumulate(norm.bias, of_bias)
        return gradient

    def _add_weight_gradient(self, index: int, gradient: Tensor, inputs: Tensor) -> None:
        """Add (dL/dZ)^T H to the gradient of a weight matrix."""
        weight = self._layers[index].weight
        if self._is_low:
            self._accumulate(weight, torch.mm(gradient.t(), inputs, out=self._products[index]))
            return
        if self._is_first:
            torch.mm(gradient.t(), inputs, out=weight.grad)
        else:
            _gradient(weight).addmm_(gradient.t(), inputs)
        self._complete(weight)

    def _accumulate(self, parameter: Tensor, value: Tensor) -> None:
        """Add to the gradient of a parameter."""
        if self._is_first:
            _gradient(parameter).copy_(value)
        else:
            _gradient(parameter).add_(value)
        self._complete(parameter)

    def _complete(self, parameter: Tensor) -> None:
        if self._on_complete is not None:
            self._on_complete(parameter)


def _gradient(parameter: Tensor) -> Tensor:
    """Return the gradient of a parameter that has one."""
    assert parameter.grad is not None
    return parameter.grad


def _affine(layer: HiddenLayer, dtype: torch.dtype) -> tuple[Tensor | None, Tensor]:
    """Return factor and summand [width] between the products of a hidden layer and its relu; no factor without norm."""
    norm = layer.norm
    if norm is None:
        return None, layer.linear.bias.to(dtype)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain = norm.weight * (norm.running_var + norm.eps).rsqrt()
    return gain.to(dtype), (norm.bias - norm.running_mean * gain).to(dtype)


def _momentum(norm: nn.BatchNorm1d) -> float:
    """Return the share of the newest batch in the running statistics."""
    assert norm.momentum is not None
    return norm.momentum
