"""Messages of the bus to what the API gives, and back. Absent on the wire is null here."""
