"""What all benchmarks share: the record of a measurement, tables, recipes and project folders."""
