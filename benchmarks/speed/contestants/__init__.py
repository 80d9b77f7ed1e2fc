"""The contestants of the race to an accuracy, one module each.

Each module offers `run(race, seed, recipe)`, which trains until the race ends; `SETTINGS`, one line on what it trains;
and `ORIGIN`, which says where these settings come from and whether they were tuned.
"""
