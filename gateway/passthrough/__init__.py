"""Preserved APIs: calls at old addresses, passed on byte for byte to the server that answers."""
