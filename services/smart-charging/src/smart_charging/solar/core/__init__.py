"""The model of sun and roof on arrays, and what is learned of a site. Pure."""
