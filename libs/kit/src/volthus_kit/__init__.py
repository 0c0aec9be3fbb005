"""What every service needs: bus, settings, health, logs, metrics, clock."""
