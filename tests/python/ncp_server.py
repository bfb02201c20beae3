"""A server of ncplib 6.1.0 whose answers a test chooses.

    ncp_server.py SETUP

SETUP is a JSON object: `host` (127.0.0.1), `timeout` (60), `user` and
`password` to ask for a login, `cert` and `key` (files) for TLS. Prints events,
a JSON object a line: `listening` with the port, `login` with what came,
`connected`, `field` for each that is received, `closed` with why.

A field of any packet is answered by its name:

    ECHO   its parameters
    ACKN   ACKN=1, then its parameters
    ACKO   ACKN=1 and no more
    OOPS   ERRO and ERRC with the values that it has itself, or 'failed' and 500
    ODDS   as OOPS with WARN and WARC, and its other parameters. (A field that is
           called WARN itself is dropped by ncplib's client.)
    HOLD   held until as many are held as its COUN says, then all are answered
           with their parameters, the last first
    NONE   nothing
    BOTH   its parameters in a packet with another field in front
    FAIL   the handler raises
    DONE   the handler ends, and with it the connection

All others are answered by ERRO='Unknown command' and ERRC=400, as the example
of ncplib has it.

Lines of standard input are sent to every connection: {"packet", "fields": [{
"name", "params"}]}; `{"close": true}` closes all of them. It ends with its
input.
"""

import asyncio
import json
import ssl
import sys

import ncplib
from ncp_values import field_to_json, lines, params_to_python


def tell(event, **what):
    print(json.dumps({"event": event, **what}), flush=True)


class Server:
    def __init__(self):
        self.connections = set()
        self.held = []

    async def client_connected(self, connection):
        self.connections.add(connection)
        tell(
            "connected",
            remote_hostname=connection.remote_hostname,
            timeout=connection._timeout,
            interval=connection._link_send_interval,
        )
        reason = "closed"
        try:
            async for field in connection:
                tell("field", **field_to_json(field))
                if field.name == "DONE":
                    reason = "done"
                    break
                self.answer(connection, field)
        except Exception as error:
            reason = type(error).__name__
            raise
        finally:
            self.connections.discard(connection)
            tell("closed", reason=reason)

    def answer(self, connection, field):
        name = field.name
        if name == "ECHO":
            field.send(**field)
        elif name == "ACKN":
            field.send(ACKN=1)
            field.send(**field)
        elif name == "ACKO":
            field.send(ACKN=1)
        elif name == "OOPS":
            field.send(ERRO=field.get("ERRO", "failed"), ERRC=field.get("ERRC", 500))
        elif name == "ODDS":
            odd = {"WARN": "odd", "WARC": 1}
            field.send(**(odd | field))
        elif name == "HOLD":
            self.held.append(field)
            if len(self.held) >= field["COUN"]:
                for held in reversed(self.held):
                    held.send(**held)
                self.held.clear()
        elif name == "BOTH":
            fields = (("NOTE", 0, ()), (field.name, field.id, field.items()))
            connection._send_packet(field.packet_type, fields)
        elif name == "FAIL":
            raise RuntimeError("as asked")
        elif name != "NONE":
            field.send(ERRO="Unknown command", ERRC=400)


def login(setup):
    def authenticate(user, password):
        right = (user, password) == (setup["user"], setup["password"])
        tell("login", user=user, password=password, right=right)
        return right

    return authenticate if "user" in setup else None


def tls(setup):
    if "cert" not in setup:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(setup["cert"], setup["key"])
    return context


async def main():
    setup = json.loads(sys.argv[1])
    server = Server()
    listening = await ncplib.start_server(
        server.client_connected,
        setup.get("host", "127.0.0.1"),
        0,
        timeout=setup.get("timeout", 60),
        ssl=tls(setup),
        authenticate=login(setup),
    )
    tell("listening", port=listening.sockets[0].getsockname()[1])
    orders = await lines(asyncio.get_running_loop())
    while line := await orders.readline():
        order = json.loads(line)
        for connection in list(server.connections):
            if order.get("close"):
                connection.close()
            else:
                fields = {
                    field["name"]: params_to_python(field["params"])
                    for field in order["fields"]
                }
                connection.send_packet(order["packet"], **fields)


if __name__ == "__main__":
    asyncio.run(main())
