"""The virtual site's control API and web pages."""
