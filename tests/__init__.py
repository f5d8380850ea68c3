"""The tests. A package, so that they can share what they are made of: `from tests.unit.serving.fakes import …`."""
