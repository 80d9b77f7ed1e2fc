"""Networks that teach besides the one that is compressed."""

from collections.abc import Sequence

from mnist_growth.network import TrainedNetwork, load_network


def load_teachers(paths: Sequence[str], source: TrainedNetwork) -> tuple[TrainedNetwork, ...]:
    """Load further teachers.

    Args:
        paths: Their files.
        source: The network that is compressed.

    Raises:
        ValueError: A teacher was trained on other classes, or its file is damaged.
        OSError: A file cannot be read.
    """
    teachers = tuple(load_network(path) for path in paths)
    for path, teacher in zip(paths, teachers, strict=True):
        if teacher.class_names != source.class_names:
            raise ValueError(
                f"The teacher {path} knows the classes {', '.join(teacher.class_names)}, but the network that is "
                f"compressed knows {', '.join(source.class_names)}: give compress.teachers networks of the same classes"
            )
    return teachers
