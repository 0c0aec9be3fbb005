"""Tells chargers over HTTP to offer one phase or three: docs/operate/phase-switching.md."""
