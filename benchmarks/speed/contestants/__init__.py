"""Who takes part in the race to an accuracy: a module for each, with the settings it runs with and how it trains."""
