"""How growing compares with training a network of fixed width."""
