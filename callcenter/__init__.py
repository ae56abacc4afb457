"""The engine: floor, dispatch, store, HTTP API and the composition root."""

__version__ = "0.1.0"
