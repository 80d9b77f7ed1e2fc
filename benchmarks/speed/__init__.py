"""How fast training, evaluation and start-up are, compared with other libraries."""
