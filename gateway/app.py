"""The two applications: every outcome of a request, in order. Read this first."""
