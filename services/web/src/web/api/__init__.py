"""The routers of /api/v1: who may do what stands in the signatures, errors are a table."""
