"""Measures how fast a bundle runs on this machine, and chooses its engine, precision and layout."""
