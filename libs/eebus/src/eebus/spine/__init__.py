"""SPINE 1.3.0 as pure state: datagrams, trees, subscriptions, bindings. No I/O, no clock."""
