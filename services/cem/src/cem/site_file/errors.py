"""What can be wrong with a site file."""


class SiteFileError(Exception):
    """A site file cannot be used. pointer: JSON pointer of the place; detail: one sentence."""

    def __init__(self, pointer: str, detail: str, code: str = "site-file-invalid") -> None:
        super().__init__(f"{pointer or '/'}: {detail}")
        self.pointer = pointer
        self.detail = detail
        self.code = code
