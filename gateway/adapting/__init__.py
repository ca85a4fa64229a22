"""Adapters: codes of administrative units changed on their way through a preserved API.

`places` says where codes stand, `json_spans` and `xml_spans` find them in a body, byte for byte;
`choosing` says which code stands for another on another day; `calls` and `answers` put it together
for one call, and `adapter` is what the passthrough asks.
"""
