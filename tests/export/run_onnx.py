"""Run a model on images: `python run_onnx.py MODEL IMAGES LOGITS`, under an emulator that is slow to import more."""

import sys

import numpy as np
import onnxruntime

model, images, logits = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
np.save(logits, session.run(None, {"images": np.load(images)})[0])
