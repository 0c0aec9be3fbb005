"""What the gateway refuses, with a stable code; the shells carry it over the bus."""


class GatewayError(Exception):
    """Base of everything the gateway raises itself."""


class CommandRefusedError(GatewayError):
    """A command of the user cannot be carried out.

    code: stable, kebab-case. detail: one English sentence. field: JSON pointer of the
    offending value, where there is one. params: values for a translated sentence.
    """

    def __init__(self, code: str, detail: str, *, field: str = "", **params: object) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.field = field
        self.params = {name: str(value) for name, value in params.items()}


class IdentityLostError(GatewayError):
    """The gateway was known under a SKI whose key is gone; making a new one is the user's word."""
