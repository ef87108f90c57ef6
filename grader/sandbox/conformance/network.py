"""Property 2, the network: none, loopback included."""

from __future__ import annotations

import socket

from grader.sandbox.conformance.trial import Host, call, promise

CONNECT = """
import socket
def attack(family, address):
    try:
        channel = socket.socket(getattr(socket, family))
        channel.settimeout(1)
        if family == "AF_UNIX":
            channel.connect(bytes.fromhex(address).decode("latin-1"))
        else:
            channel.connect(("127.0.0.1" if family == "AF_INET" else "::1", int(address)))
        return "connected"
    except OSError as error:
        return f"refused: {error.errno}"
"""


@promise
def loopback(host: Host) -> str | None:
    """A server that listens on 127.0.0.1 on the host can't be reached."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = host.attack(CONNECT, family="AF_INET", address=str(server.getsockname()[1])).said
    return None if str(said).startswith("refused") else f"it said {said}"


@promise
def abstract_sockets(host: Host) -> str | None:
    """An abstract socket of the host, which no file permission guards, can't be reached."""
    name = "\0" + host.marker
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        said = host.attack(CONNECT, family="AF_UNIX", address=name.encode().hex()).said
    return None if str(said).startswith("refused") else f"it said {said}"


@promise
def sockets_of_other_workers(host: Host) -> str | None:
    """One worker's abstract socket can't be reached from another."""
    listening = f"""
    import socket
    servers = []
    def attack():
        try:
            server = socket.socket(socket.AF_UNIX)
            servers.append(server)
            server.bind("\\0{host.marker}")
            server.listen()
        except OSError as error:
            return str(error)
        return "listening"
    """
    with host.worker(listening) as other:
        if call(other, 5).said != "listening":
            return None  # it can't even listen
        said = host.attack(CONNECT, family="AF_UNIX", address=("\0" + host.marker).encode().hex()).said
    return None if str(said).startswith("refused") else f"it said {said}"


@promise
def internet_sockets(host: Host) -> str | None:
    """It can't make a socket of any family but local ones: no TCP, UDP, raw, netlink, vsock."""
    source = """
    import socket
    def attack():
        made = []
        for family in range(2, 46):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
                try:
                    socket.socket(family, kind).close()
                    made.append([family, int(kind)])
                except OSError:
                    pass
        return made
    """
    answer = host.attack(source)
    return f"it made {answer.said} {answer.error}" if answer.said != [] else None
