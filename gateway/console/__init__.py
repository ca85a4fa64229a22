"""The editors' console: reviewing what was imported, deciding what becomes of old addresses."""
