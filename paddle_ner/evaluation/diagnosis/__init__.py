"""What a model gets wrong and where: figures only, from labelled examples and a model's answers; nothing here draws."""
