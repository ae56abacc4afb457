"""Callbacks: who may ask for one, which times can be promised, and what is due.

The life of a callback that an engine has claimed is the floor's (``callcenter.floor.callbacks``);
here is what comes before it. Nothing here knows HTTP, SQL or the exchange.
"""
