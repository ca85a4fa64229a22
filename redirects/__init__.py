"""The language of old addresses: what they mean, which are the same, and where each one leads.

Pure: no network, no database, no framework. Everything above (catalogue, crawler, gateway) asks
this room one question, "when are two addresses the same page?", and gets one answer from
`redirects.canonical`.
"""
