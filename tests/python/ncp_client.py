"""A client of ncplib 6.1.0, step by step.

Each line of standard input is a JSON object with what to `do`; each is answered
by one JSON object a line: `ok` with what came of it, or `error` with the class
of the exception, and always the `warnings` that were given meanwhile. Between
steps the connection lives on, keep-alives included.

    connect     host, port, and what `ncplib.connect` takes; `ca`: the file of
                roots to use TLS with
    state       the timeout in force, the seconds between keep-alives
    send        packet, fields: [{name, params}], `as`: the response's name
    send_field  packet, name, params, `as`
    recv        `of` a response, or of the connection
    recv_field  `of` a response: name; of the connection: packet, name
    reply       params: to the field that was received last
    many        count, packet, name, params: sends so many with a parameter N
                from 0 on, and receives until each is answered
    close       closes and waits for it

What is received goes no further than `limit` seconds, 30 unless told.
"""

import asyncio
import json
import ssl
import sys
import warnings

import ncplib
from ncp_values import field_to_json, lines, params_to_python

PLAIN = (
    "port",
    "remote_hostname",
    "hostname",
    "connection_username",
    "connection_domain",
    "timeout",
    "auto_erro",
    "auto_warn",
    "auto_ackn",
    "username",
    "password",
)


class Client:
    def __init__(self):
        self.connection = None
        self.responses = {}
        self.last = None

    async def connect(self, step):
        options = {name: step[name] for name in PLAIN if name in step}
        if "ca" in step:
            options["ssl"] = ssl.create_default_context(cafile=step["ca"])
        self.connection = await ncplib.connect(step["host"], **options)
        return self.state_now()

    def state_now(self):
        connection = self.connection
        return {
            "remote_hostname": connection.remote_hostname,
            "closing": connection.is_closing(),
            # What was agreed is not public; read, never written.
            "timeout": connection._timeout,
            "interval": connection._link_send_interval,
        }

    async def state(self, step):
        return self.state_now()

    async def send(self, step):
        fields = {
            field["name"]: params_to_python(field["params"]) for field in step["fields"]
        }
        response = self.connection.send_packet(step["packet"], **fields)
        self.responses[step.get("as")] = response
        return None

    async def send_field(self, step):
        params = params_to_python(step.get("params", []))
        response = self.connection.send(step["packet"], step["name"], **params)
        self.responses[step.get("as")] = response
        return None

    async def recv(self, step):
        of = self.responses[step["of"]] if "of" in step else self.connection
        self.last = await of.recv()
        return field_to_json(self.last)

    async def recv_field(self, step):
        if "of" in step:
            self.last = await self.responses[step["of"]].recv_field(step["name"])
        else:
            self.last = await self.connection.recv_field(step["packet"], step["name"])
        return field_to_json(self.last)

    async def reply(self, step):
        self.last.send(**params_to_python(step["params"]))
        return None

    async def many(self, step):
        params = params_to_python(step.get("params", []))
        for number in range(step["count"]):
            self.connection.send(step["packet"], step["name"], N=number, **params)
        order = []
        while len(order) < step["count"]:
            field = await self.connection.recv_field(step["packet"], step["name"])
            order.append(field["N"])
        return {
            "different": len(set(order)),
            "in_order": order == sorted(order),
            "first": order[0],
        }

    async def close(self, step):
        self.connection.close()
        await self.connection.wait_closed()
        return self.state_now()


def told(caught):
    for warning in caught:
        message = warning.message
        yield {
            "class": type(message).__name__,
            "message": str(message),
            "detail": getattr(message, "detail", None),
            "code": getattr(message, "code", None),
        }


async def main():
    client = Client()
    steps = await lines(asyncio.get_running_loop())
    while line := await steps.readline():
        step = json.loads(line)
        answer = {}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                doing = getattr(client, step["do"])(step)
                answer["ok"] = await asyncio.wait_for(doing, step.get("limit", 30))
            except Exception as error:
                answer["error"] = type(error).__name__
                answer["message"] = str(error)
                answer["detail"] = getattr(error, "detail", None)
                answer["code"] = getattr(error, "code", None)
        answer["warnings"] = list(told(caught))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
