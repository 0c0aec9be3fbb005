"""Roll-outs of releases over many sites (A18): their tables, and the work of one replica."""
