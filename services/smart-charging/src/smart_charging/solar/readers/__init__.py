"""Each source's answer to a series; one file per source. Pure."""
