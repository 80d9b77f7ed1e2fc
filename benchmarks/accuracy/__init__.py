"""How accurate whole runs are, and the tables of the documentation on them."""
