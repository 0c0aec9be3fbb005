"""The CEM side: what it reads of chargers and cars, and how it limits them."""
