"""The server: uvicorn's protocol behind our door, and what HTTP/1.1 says that ASGI cannot."""
