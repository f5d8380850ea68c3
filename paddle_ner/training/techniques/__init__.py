"""What a config of ``training`` can ask for beyond plain training, one module each; all are off by default."""
