"""Files that mappings come in and go out as, one module each."""
