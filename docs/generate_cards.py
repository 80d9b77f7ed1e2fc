"""Generates the model card and the data card of the default run: `python -m docs.generate_cards`."""

import json
from pathlib import Path

from mnist_growth.report.cards import data_card, model_card

DOCS = Path(__file__).parent
FACTS = DOCS / "default-run.json"


def cards() -> dict[Path, str]:
    """Return the text of each page, from the facts of the run that the page of results describes."""
    facts = json.loads(FACTS.read_text("utf-8"))
    return {
        DOCS / "model-card.md": model_card(facts["metrics"], facts["parameters"], facts["run"]),
        DOCS / "data-card.md": data_card(facts["manifest"], facts["parameters"]),
    }


if __name__ == "__main__":
    for path, text in cards().items():
        path.write_text(text, "utf-8")
