"""The fifteen corruptions of MNIST-C at five severities.

N. Mu and J. Gilmer, "MNIST-C: A robustness benchmark for computer vision", 2019, arXiv 1906.02337. The strengths are
those of the published benchmark, with two differences. It defines one strength only for stripe, dotted line, zigzag and
Canny edges; here they get more severe with the width of the stripe, the number of lines, and the share of the edges.
And the strengths of fog (3 to 5) and spatter (4 and 5) are changed so that each severity is further from the original
image than the one before.
"""

from mnist_growth.digits.corruptions.corrupt import CORRUPTIONS, SEVERITIES, CorruptionName, corrupt

__all__ = ["CORRUPTIONS", "SEVERITIES", "CorruptionName", "corrupt"]
