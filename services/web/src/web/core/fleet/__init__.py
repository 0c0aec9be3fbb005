"""Many sites at a glance: what each is in short, which need attention, how they are found."""
