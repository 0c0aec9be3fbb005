"""SHIP over asyncio: TLS, WebSocket, mDNS and the node that puts them together.

What a peer can make us spend, all of it bounded:

=====================================  =====================================================
TCP connections not identified yet     32; the oldest of the greediest address goes first
from accept to the open WebSocket      10 s; 50 TLS handshakes a second per address
strangers waiting for our user         16 connections; chosen as above
connections of one SKI                 4
message of a stranger                  8 KiB; of a trusted peer 1 MiB
WebSocket frames of a stranger         50 a second, 100 at once; then slowed, then dropped
WebSocket frames of a trusted peer     500 a second, 2000 at once; then slowed, then dropped
bytes of any peer                      256 KiB a second, 2 MiB at once; then as above
connections of one SKI one by one      one in 2 s, 20 at once; then refused
depth of JSON                          64
SPINE data before the handshake ended  64 messages, 256 KiB
data a peer does not read              2 MiB, 10 s
devices seen by mDNS                   256
=====================================  =====================================================
"""
