"""What the layers of a network cost: parameters, multiply-adds, and the memory of a training step."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LayerCost:
    """What one layer costs.

    Attributes:
        layer: One-based number; the last layer is the output.
        name: For people.
        inputs: Number of its inputs.
        outputs: Number of its units.
        parameters: Number of its trainable parameters.
        multiply_adds: Of its matrix products in the forward pass of one image; time is O(multiply_adds).
        training_multiply_adds: Of a forward and a backward pass of one image: 3 x as many. The backward pass has two
            products of the same size for each one of the forward pass: one for the gradient of the weights, one for
            that of the inputs. The gradient of the pixels, which training does not need, is counted too, as is usual.
        gradients: Number of gradient entries; one per parameter.
        adam_moments: Number of optimizer entries; two per parameter.
        activations: Number of entries per image that the backward pass needs. Space is O(activations x images).
    """

    layer: int
    name: str
    inputs: int
    outputs: int
    parameters: int
    multiply_adds: int
    training_multiply_adds: int
    gradients: int
    adam_moments: int
    activations: int

    @classmethod
    def of(
        cls,
        layer: int,
        name: str,
        inputs: int,
        outputs: int,
        *,
        parameters: int,
        multiply_adds: int,
        activations: int,
    ) -> "LayerCost":
        """Return the cost of a layer; what follows from the arguments is filled in."""
        return cls(
            layer=layer,
            name=name,
            inputs=inputs,
            outputs=outputs,
            parameters=parameters,
            multiply_adds=multiply_adds,
            training_multiply_adds=3 * multiply_adds,
            gradients=parameters,
            adam_moments=2 * parameters,
            activations=activations,
        )
