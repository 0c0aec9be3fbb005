"""Energy meters as data: decode and encode their registers."""
