"""The declarative site file: everything people have set, as YAML (docs/operate/site-file.md)."""
