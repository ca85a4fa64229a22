"""Old portals into the catalogue, in two halves that never mix.

Fetching (network, no meaning) turns addresses into captures; reading (meaning, no network) turns
captures into documents and suggested mappings, as often as you like.
"""
