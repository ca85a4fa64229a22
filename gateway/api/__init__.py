"""For machines: probes of the running site."""
