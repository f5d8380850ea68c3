"""What a config of ``training`` can ask for beyond plain training, a module each; all are off where it says nothing."""
