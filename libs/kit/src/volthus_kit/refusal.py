"""An owner's "no", with a stable code: raised where it is decided, carried over the bus."""


class RefusedError(Exception):
    """A request was understood and refused.

    code: stable, kebab-case; the front door maps it to a status, the page translates it.
    detail: one English sentence with the thing, the value and what was expected.
    field: JSON pointer of the offending setting, where there is one.
    """

    def __init__(self, code: str, detail: str, *, field: str = "", **params: object) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.field = field
        self.params = {name: str(value) for name, value in params.items()}


class NotAnsweredError(Exception):
    """Nobody serves the request, or no answer came before the deadline."""

    def __init__(self, subject: str, *, nobody: bool) -> None:
        super().__init__(f"{'nobody serves' if nobody else 'no answer in time on'} {subject}")
        self.subject = subject
        self.nobody = nobody
