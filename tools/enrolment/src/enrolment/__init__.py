"""How a site joins the fleet: codes, keys and signed claims."""
