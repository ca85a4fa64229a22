"""What redirects cost beside nginx, HAProxy, Caddy, Apache, Flask and Django, in one run."""
