"""The int8 network on processors without VNNI, which QEMU emulates (Debian's package qemu-user)."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from integer_network import predict_logits, sums_without_vnni

from mnist_growth.export import OnnxNetwork, compare_outputs, int8_model

EMULATOR = shutil.which("qemu-x86_64")

pytestmark = [
    pytest.mark.skipif(EMULATOR is None, reason="needs qemu-x86_64"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="emulates the interpreter that runs the tests"),
]


def logits_on(processor: str, model: onnx.ModelProto, images: np.ndarray, folder: Path) -> np.ndarray:
    """What onnxruntime gives on an emulated processor."""
    assert EMULATOR is not None
    files = [folder / name for name in ("model.onnx", "images.npy", "logits.npy")]
    onnx.save(model, files[0])
    np.save(files[1], images)
    script = Path(__file__).with_name("run_onnx.py")
    command = [EMULATOR, "-cpu", processor, sys.executable, str(script), *map(str, files)]
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}  # of this machine
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return np.load(files[2])


@pytest.fixture
def images(digits, noise) -> np.ndarray:
    return np.concatenate([digits.test.images, noise])


@pytest.mark.parametrize("processor", ["Nehalem", "Haswell-noTSX"])  # of 2008, with SSE4.2; of 2013, with AVX2
def test_the_logits_are_the_same_on_every_processor(processor, network, origin, digits, images, tmp_path):
    model = int8_model(network.affine_chain(), digits.train.images[:1000], origin, weight_bits=7)

    change = compare_outputs(
        OnnxNetwork.of(model, threads=1).predict_logits(images), logits_on(processor, model, images, tmp_path)
    )

    assert change["largest_relative_change"] <= 1e-6  # rounding of the float32 logits
    assert change["same_answers"] == 1


def test_eight_bits_saturate_as_the_emulation_in_numpy_says(network, origin, digits, images, tmp_path):
    model = int8_model(network.affine_chain(), digits.train.images[:1000], origin, weight_bits=8)

    logits = logits_on("Haswell-noTSX", model, images, tmp_path)

    emulated = predict_logits(model, images, sums_without_vnni)
    assert compare_outputs(emulated, logits)["largest_relative_change"] <= 1e-6
    assert compare_outputs(predict_logits(model, images), logits)["largest_relative_change"] > 0.05
