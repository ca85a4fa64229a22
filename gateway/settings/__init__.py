"""The settings: what the file may say, each table with its checks, and which line says it."""
