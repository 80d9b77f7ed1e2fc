"""Loss and gradients of the multilayer perceptron with kernels of this project, for a GPU."""

import torch
from torch import Tensor

from mnist_growth.kernels import cross_entropy, norm_relu, scaling
from mnist_growth.learning.backprop import Activations, Backprop
from mnist_growth.learning.loss import Loss
from mnist_growth.learning.objective import BatchResult
from mnist_growth.machine import SideStream
from mnist_growth.network import PIXELS, Network
from mnist_growth.network.hidden_layer import HiddenLayer
from mnist_growth.network.interface import PIXEL_RANGE


class BackpropKernels(Backprop):
    """The formulas of ``Backprop``, in a third of the kernels.

    Most kernels of a small network take no longer than it takes to begin them. Here batch norm and relu are one kernel
    in each direction, and so is everything between the matrix products of the output layer. The gradients of weights
    are computed beside those of activations, and are not rounded to low precision.

    See ``Backprop`` for the arguments. The network is float32 and on a device where the kernels are usable.
    """

    def __init__(
        self,
        network: Network,
        dtype: torch.dtype | None = None,
        label_smoothing: float = 0.0,
        loss: Loss | None = None,
    ) -> None:
        super().__init__(network, dtype, label_smoothing, loss)
        self._smoothing = None if loss else label_smoothing
        self._side = SideStream(network.device)
        self._used_beside: list[Tensor] = []
        self._pixel_scale = 1 / (PIXEL_RANGE * network.pixel_std)
        self._pixel_shift = -(network.pixel_mean / network.pixel_std)

    def add(self, images: Tensor, labels: Tensor, share: float = 1.0) -> BatchResult:
        """Add the gradient of the loss of some images; see ``Objective.add``."""
        result = super().add(images, labels, share)
        self._side.join()
        self._used_beside.clear()
        return result

    def input_gradient(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the gradient with respect to the pixels; see ``Objective.input_gradient``."""
        self._side.join()
        return super().input_gradient(images, labels)

    def _round_weights(self) -> None:
        """Read the weights of the first layer, and the others beside its work."""
        self._weights[0].copy_(self._masters[0])
        self._side.fork()
        with self._side.work():
            torch._foreach_copy_(self._weights[1:], self._masters[1:])

    def _inputs(self, images: Tensor) -> Tensor:
        return scaling.scaled(images.view(-1, PIXELS), self._pixel_scale, self._pixel_shift, self.dtype)

    def _forward(self, index: int, layer: HiddenLayer, inputs: Tensor) -> Activations:
        if index > 0:
            self._side.join()
        if not self._is_normalised_here(layer, len(inputs)):
            return super()._forward(index, layer, inputs)
        assert layer.norm is not None
        pre_activations = torch.mm(inputs, self._weights[index].t())
        outputs, mean, inverse_std = norm_relu.forward(pre_activations, layer.norm)
        return Activations(inputs, pre_activations, outputs, mean, inverse_std)

    def _compare(self, outputs: Tensor, labels: Tensor, images: Tensor, scale: float) -> tuple[BatchResult, Tensor]:
        self._side.join()
        if self._smoothing is None:
            return super()._compare(outputs, labels, images, scale)
        bias = self.network.output.bias
        products = torch.mm(outputs, self._weights[-1].t())
        loss, correct, gradient = cross_entropy.cross_entropy(
            products, bias, labels, self._smoothing, scale, is_first=self._is_first
        )
        self._complete(bias)
        return BatchResult(loss_sum=loss, correct_count=correct), gradient

    def _backward(self, index: int, kept: Activations, gradient: Tensor) -> Tensor:
        layer = self.network.hidden[index]
        assert isinstance(layer, HiddenLayer)
        if not self._is_normalised_here(layer, len(gradient)):
            return super()._backward(index, kept, gradient)
        assert layer.norm is not None
        assert kept.mean is not None
        assert kept.inverse_std is not None
        statistics = (kept.mean, kept.inverse_std)
        gradient = norm_relu.backward(
            gradient, kept.pre_activations, kept.outputs, layer.norm, statistics, is_first=self._is_first
        )
        self._complete(layer.norm.weight)
        self._complete(layer.norm.bias)
        return gradient

    def _is_normalised_here(self, layer: HiddenLayer, images: int) -> bool:
        """Return whether the kernels of this project do the batch norm of a layer."""
        return layer.norm is not None and self._norm_processes is None and images <= norm_relu.MAX_IMAGES

    def _add_weight_gradient(self, index: int, gradient: Tensor, inputs: Tensor) -> None:
        if self._on_complete is not None:  # which would exchange it at once
            super()._add_weight_gradient(index, gradient, inputs)
            return
        self._used_beside += [gradient, inputs]
        self._side.fork()
        with self._side.work():
            if self._is_low and self._is_first and gradient.is_cuda:  # other devices round such products
                weight = self._layers[index].weight
                torch.mm(gradient.t(), inputs, out_dtype=weight.dtype, out=weight.grad)
            else:
                super()._add_weight_gradient(index, gradient, inputs)
