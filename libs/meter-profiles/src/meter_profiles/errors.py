"""What can go wrong with a meter's description or its registers."""


class MeterProfileError(Exception):
    """Anything this package refuses."""


class UnknownModelError(MeterProfileError):
    """Nobody described a meter model of this name."""


class ModelFileError(MeterProfileError):
    """A model file says something that cannot be."""


class DecodeError(MeterProfileError):
    """A register that a value needs was not read."""


class EncodeError(MeterProfileError):
    """A value does not fit into its register."""
