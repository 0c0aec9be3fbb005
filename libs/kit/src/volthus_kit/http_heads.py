"""HTTP by httptools, with an end to what may come before a request begins.

The library has none of its own: it keeps header after header, also of somebody who never logs in.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 * 1024


class BoundedHeads(HttpToolsProtocol):
    """Ends a connection that sends more than MOST_HEAD_BYTES of headers, or of trailers."""

    _unused_bytes = 0  # that came since something was made of what came

    def data_received(self, data: bytes) -> None:
        """Read what came."""
        self._unused_bytes += len(data)
        super().data_received(data)
        if self._unused_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The headers of this request are too long.")

    def on_headers_complete(self) -> None:
        """Begin a request."""
        self._unused_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of its body; whoever reads the body bounds that."""
        self._unused_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End it."""
        self._unused_bytes = 0
        super().on_message_complete()
