"""Three small old portals to try everything on, generated from a seed, with known truth.

Imports nothing of the product, so that the product is tested against something it did not make.
"""
