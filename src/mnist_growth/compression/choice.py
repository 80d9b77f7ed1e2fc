"""The choice of a candidate by constraints."""

from collections.abc import Iterator

import pandas as pd

from mnist_growth.compression.config import CompressConfig


def choose(table: pd.DataFrame, source_accuracy: float, config: CompressConfig) -> str:
    """Return the name of the candidate that meets all constraints.

    If there are several, the one with the highest validation accuracy is taken where ``max_bytes`` or
    ``max_milliseconds`` is set, and the smallest one otherwise. Test digits have no part in it.

    Args:
        table: Rows of ``compression_row``, of the candidates alone.
        source_accuracy: Validation accuracy of the network that they were made from.
        config: The constraints.

    Raises:
        ValueError: No candidate meets the constraints; names the one that comes closest.
    """
    lost = source_accuracy - table["validation_accuracy"]
    excess = pd.DataFrame(
        {name: (values / limit - 1).clip(lower=0) for name, values, limit in _limits(table, lost, config)},
        index=table.index,
    )
    total = excess.sum(axis=1)
    fitting = table[total == 0]
    if fitting.empty:
        position = int(total.to_numpy().argmin())
        closest = table.iloc[position]
        wanted = ", ".join(f"compress.{name}={getattr(config, name):g}" for name, _, _ in _limits(table, lost, config))
        raise ValueError(
            f"No candidate meets {wanted}; the closest, {closest['name']}, has {closest['bytes']:,} bytes, "
            f"{closest['latency_milliseconds']:.3g} ms and loses {100 * lost.iloc[position]:.2f} points of validation "
            "accuracy: relax a constraint, or add a recipe to compress.variants"
        )
    by_accuracy = config.max_bytes is not None or config.max_milliseconds is not None
    order = ["validation_accuracy", "bytes"] if by_accuracy else ["bytes", "validation_accuracy"]
    ascending = [name == "bytes" for name in order]
    return str(fitting.sort_values(order, ascending=ascending, kind="stable")["name"].iloc[0])


def _limits(
    table: pd.DataFrame, lost: pd.Series, config: CompressConfig
) -> Iterator[tuple[str, "pd.Series[float]", float]]:
    """Yield the constraints that are set: name, values of the candidates and limit."""
    if config.max_bytes is not None:
        yield "max_bytes", table["bytes"], config.max_bytes
    if config.max_milliseconds is not None:
        yield "max_milliseconds", table["latency_milliseconds"], config.max_milliseconds
    if config.max_accuracy_loss is not None:
        yield "max_accuracy_loss", lost, config.max_accuracy_loss
