"""Metrics, and reports that people can read."""
