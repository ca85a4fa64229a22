"""The public portal's own pages: what a citizen reads."""
