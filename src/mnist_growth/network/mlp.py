"""The multilayer perceptron that grows."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

CLASSES = 10
PIXELS = 28 * 28
PIXEL_RANGE = 255.0


class HiddenLayer(nn.Module):
    """relu(norm(W x + b)), with batch norm in the place of the bias where it is asked for."""

    def __init__(self, fan_in: int, width: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(fan_in, width, bias=not batch_norm)
        self.norm = nn.BatchNorm1d(width) if batch_norm else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Map activations [N, fan_in] to activations [N, width]."""
        outputs = self.linear(inputs)
        if self.norm is not None:
            outputs = self.norm(outputs)
        return torch.relu(outputs)


class GrowingMLP(nn.Module):
    """A multilayer perceptron on 28 x 28 images whose hidden layers can be widened.

    The network carries the mean and the deviation of the pixels it was trained on and takes raw images, so that
    training and serving cannot normalise differently.

    Args:
        widths: neurons of each hidden layer.
        batch_norm: normalise each hidden layer (Ioffe and Szegedy 2015); its shift then replaces the bias.
        pixel_mean: mean of the training pixels on the 0-1 scale.
        pixel_std: standard deviation of the training pixels on the 0-1 scale.
        generator: source of the initial weights; torch's global one if None.

    Raises:
        ValueError: a width below 1, or no hidden layer.
    """

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(
        self,
        widths: Sequence[int],
        *,
        batch_norm: bool = True,
        pixel_mean: float = 0.1307,
        pixel_std: float = 0.3081,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if not widths or min(widths) < 1:
            raise ValueError(f"hidden widths are {list(widths)}; expected at least one, each at least 1")
        fan_ins = [PIXELS, *widths[:-1]]
        self.batch_norm = batch_norm
        self.hidden = nn.ModuleList(
            HiddenLayer(fan_in, width, batch_norm=batch_norm) for fan_in, width in zip(fan_ins, widths, strict=True)
        )
        self.output = nn.Linear(widths[-1], CLASSES)
        self.register_buffer("pixel_mean", torch.tensor(pixel_mean))
        self.register_buffer("pixel_std", torch.tensor(pixel_std))
        for layer in self.linear_layers():
            nn.init.uniform_(layer.weight, -(layer.in_features**-0.5), layer.in_features**-0.5, generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

    @property
    def widths(self) -> tuple[int, ...]:
        """Neurons of each hidden layer."""
        return tuple(layer.out_features for layer in self.linear_layers()[:-1])

    @property
    def parameter_count(self) -> int:
        """Number of trainable numbers."""
        return sum(parameter.numel() for parameter in self.parameters())

    def linear_layers(self) -> list[nn.Linear]:
        """The affine maps from the pixels to the logits, in order; the last one is the output."""
        hidden = [layer.linear for layer in self.hidden if isinstance(layer, HiddenLayer)]
        return [*hidden, self.output]

    def unit_axes(self, layer: int) -> dict[str, int]:
        """Names of the tensors of the state that have an axis over the units of a hidden layer, with that axis.

        Args:
            layer: zero-based index of the hidden layer.
        """
        own = {name: 0 for name, tensor in self.hidden[layer].named_parameters(f"hidden.{layer}") if tensor.ndim}
        statistics = {name: 0 for name, tensor in self.hidden[layer].named_buffers(f"hidden.{layer}") if tensor.ndim}
        is_last = layer == len(self.hidden) - 1
        return {**own, **statistics, "output.weight" if is_last else f"hidden.{layer + 1}.linear.weight": 1}

    def normalised(self, images: Tensor) -> Tensor:
        """Pixels float [N, 784], of mean 0 and deviation 1 over the training set, of images [N, 28, 28] (0 to 255)."""
        scale = 1 / (PIXEL_RANGE * self.pixel_std)
        shift = self.pixel_mean / self.pixel_std
        return (images.reshape(-1, PIXELS).to(self.output.weight.dtype) * scale).sub_(shift)

    def forward(self, images: Tensor) -> Tensor:
        """Logits float [N, 10] of images [N, 28, 28] with pixels from 0 to 255, uint8 or float."""
        activations = self.normalised(images)
        for layer in self.hidden:
            activations = layer(activations)
        logits: Tensor = self.output(activations)
        return logits
