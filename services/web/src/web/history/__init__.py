"""The history of all sites, as the cloud keeps it: facts in, roll-ups, answers out."""
