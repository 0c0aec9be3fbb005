"""A backup of a site's settings, and putting one back (docs/operate/running.md, Backups)."""
