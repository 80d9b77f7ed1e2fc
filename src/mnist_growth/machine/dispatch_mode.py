"""A mode of torch that sees every operation."""

from torch.utils._python_dispatch import TorchDispatchMode


class DispatchMode(TorchDispatchMode):
    """``TorchDispatchMode`` that does not import torch's compiler, which takes two seconds and 70 MB."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Return False: True would exclude the mode from compilation, for which torch imports the compiler."""
        return False
