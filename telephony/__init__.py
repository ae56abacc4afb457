"""The exchange: everything that speaks with an Asterisk and nothing that decides about calls."""
