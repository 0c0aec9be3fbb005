"""The CEM on the bus: the only files that know subjects. Messages in become events, limits out."""
