"""The front door: HTTP API and page."""
