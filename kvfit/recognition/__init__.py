"""Recognition models: a memory gives evidence, a decision cuts it into the categories of a rating scale."""
