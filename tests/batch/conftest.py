import numpy as np
import pytest
import torch
from PIL import Image

from mnist_growth.digits import sample_digits
from mnist_growth.network import GrowingMLP, predict_logits


@pytest.fixture(scope="session")
def digits() -> np.ndarray:
    return sample_digits().test.images[:30]


@pytest.fixture(scope="session")
def logits():
    """Of a network that has learned nothing."""
    network = GrowingMLP((8,), generator=torch.Generator().manual_seed(0)).eval()
    return lambda images: predict_logits(network, images)


@pytest.fixture
def folder(tmp_path, digits):
    """Nested folders of digits, and files of other kinds among them."""
    root = tmp_path / "pictures"
    for position, digit in enumerate(digits[:6]):
        path = root / ["", "b", "b/deeper", "ä"][position % 4] / f"{position}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(digit).save(path)
    Image.fromarray(255 - digits[6].repeat(4, axis=0).repeat(4, axis=1)).save(root / "large.jpg", quality=95)
    (root / "notes.txt").write_text("no image")
    (root / "empty.png").write_bytes(b"")
    (root / "b" / "cut.png").write_bytes((root / "0.png").read_bytes()[:100])
    Image.new("L", (40, 40), 255).save(root / "blank.png")
    (root / ".hidden.png").write_bytes(b"")
    (root / "Thumbs.db").write_bytes(b"")
    return root
