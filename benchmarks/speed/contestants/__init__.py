"""The contestants of the race to an accuracy, one module each.

Each module offers `run(race, seed, recipe)`, which trains until the race ends; `SETTINGS`, one line on what it trains;
`ORIGIN`, which says where these settings come from; and `TUNING`, one of `TUNINGS`.
"""

RIVALS = {
    "PyTorch tensors": ("torch_tensors", "torch"),
    "scikit-learn": ("sklearn_mlp", "sklearn"),
    "Dataset + DataLoader": ("dataloader_loop", "torch"),
    "gromo": ("gromo_mlp", "gromo"),
    "Keras on torch": ("keras_mlp", "keras"),
}
"""Module of each rival, and the package that it needs."""

TUNED, EXAMPLE, DEFAULTS = "tuned", "its example's", "library defaults"
TUNINGS = (TUNED, EXAMPLE, DEFAULTS)
"""Where the settings of a contestant come from: tuned for the goal, those of a published example, or defaults."""
