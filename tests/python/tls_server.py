"""A TLS 1.3 server on Python's ssl that requires a client certificate.

It serves one connection. What it hears goes to standard output; standard input
holds its orders: `S<length>` and a line end, then so many bytes to say; `C0` to
close the connection with close_notify. Standard error is its log.

Only what comes with Python is used.
"""

import argparse
import os
import select
import socket
import ssl
import sys
import tempfile

CHUNK = 65536


def log(line):
    print(line, file=sys.stderr, flush=True)


def context(arguments):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if arguments.tls12:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    # Python wants the whole chain in one file.
    with tempfile.NamedTemporaryFile() as chain:
        for part in (arguments.leaf, arguments.between):
            with open(part, "rb") as file:
                chain.write(file.read())
        chain.flush()
        context.load_cert_chain(chain.name, arguments.key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(arguments.devices)
    return context


class Orders:
    """What is to be said, read from standard input as it comes."""

    def __init__(self):
        self.unread = b""
        self.unsaid = b""
        self.missing = 0
        self.close = False

    def read(self):
        more = os.read(0, CHUNK)
        if not more:
            # Whoever gives the orders is gone.
            sys.exit(0)
        self.unread += more
        while True:
            if self.missing:
                part = self.unread[: self.missing]
                self.unread = self.unread[len(part) :]
                self.missing -= len(part)
                self.unsaid += part
                if self.missing:
                    return
            line, end, rest = self.unread.partition(b"\n")
            if not end:
                return
            self.unread = rest
            if line[:1] == b"S":
                self.missing = int(line[1:])
            else:
                self.close = True


def hear(tls):
    """Prints what has come; False when there is nothing to come any more."""
    while True:
        try:
            data = tls.recv(CHUNK)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        except ssl.SSLEOFError:
            log("truncated")
            return False
        except (ssl.SSLError, OSError) as error:
            log(f"broken: {error}")
            return False
        if not data:
            log("closed")
            return False
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def say(tls, orders, record):
    """Says what can be said now, in records of `record` bytes."""
    while orders.unsaid:
        try:
            count = tls.send(orders.unsaid[:record])
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        orders.unsaid = orders.unsaid[count:]


def converse(tls, record):
    tls.setblocking(False)
    orders = Orders()
    while True:
        writes = [tls] if orders.unsaid else []
        readable, _, _ = select.select([tls, 0], writes, [])
        if tls in readable and not hear(tls):
            return
        if 0 in readable:
            orders.read()
        say(tls, orders, record)
        if orders.close and not orders.unsaid:
            tls.setblocking(True)
            try:
                tls.unwrap()
                log("closed")
            except (ssl.SSLError, OSError) as error:
                # The device need not answer a close with another one.
                log(f"closed without an answer: {error}")
            return


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--leaf", required=True)
    parser.add_argument("--between", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--devices", required=True)
    parser.add_argument("--record", type=int, default=CHUNK)
    parser.add_argument("--tls12", action="store_true")
    arguments = parser.parse_args()
    server = context(arguments)
    listener = socket.create_server(("127.0.0.1", 0))
    log(f"port {listener.getsockname()[1]}")
    plain, _ = listener.accept()
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        tls = server.wrap_socket(plain, server_side=True, suppress_ragged_eofs=False)
    except (ssl.SSLError, OSError) as error:
        log(f"refused: {error}")
        return
    log("open")
    converse(tls, arguments.record)
    tls.close()


if __name__ == "__main__":
    main()
