"""The command line's inside: events as JSON lines out, commands as JSON lines in."""
