"""Files whose images are stored with rows and columns swapped, as those of EMNIST are.

G. Cohen et al., *EMNIST: an extension of MNIST to handwritten letters*, 2017: the files were written by MATLAB, which
stores arrays column by column.
"""


def is_transposed(name: str, requested: bool | None) -> bool:
    """Return whether the images of a file are transposed.

    Args:
        name: Name of the file.
        requested: Answer of a parameter; None to decide by the name: the published files of EMNIST begin with "emnist".
    """
    return "emnist" in name.lower() if requested is None else requested
