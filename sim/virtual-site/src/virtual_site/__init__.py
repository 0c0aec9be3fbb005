"""The outside world of a site: meter, chargers, cars, sun and faults over the real protocols."""
