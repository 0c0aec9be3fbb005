"""SHIP over asyncio: TLS, WebSocket, mDNS and the node that puts them together."""
