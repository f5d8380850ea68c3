"""The folder that is copied to a device: ``paddle-ner export --target jetson``."""
