"""Applies a release at a site and watches over it; it knows Kubernetes and the bus, no charging."""
