"""How the front door's tables came to be, one step a file; run by `web.migrating`."""
