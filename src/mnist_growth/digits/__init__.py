"""A labelled set of images: the value, its file format, and where digits come from."""

from mnist_growth.digits.digits import IMAGE_SIDE, NUM_CLASSES, Digits, DigitSet, fingerprint

__all__ = ["IMAGE_SIDE", "NUM_CLASSES", "DigitSet", "Digits", "fingerprint"]
