"""`python -m meter_reader` is the program `meter-reader`."""

from meter_reader.main import main

main()
