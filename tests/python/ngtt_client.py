"""Runs the real NGTT client of smok 0.21.0 against a server on this machine.

    ngtt_client.py PORT SERVER_CA CERT KEY COUNT SECONDS

Acknowledges orders with an odd number and rejects those with an even one; the
number of an order is the "value" of its first section's first entry. Prints
"order NUMBER TID" a line for each. Ends when COUNT orders have been answered
and the answers written, or after SECONDS.

Three things are replaced, because the client has them fixed: the server's name,
the port 2405, and the certificate authorities it trusts.
"""

import ssl
import sys
import threading
import time

import smok.client  # first: ngtt.uplink alone is a circular import
from ngtt.uplink import NGTTConnection, connection

PORT, COUNT, SECONDS = int(sys.argv[1]), int(sys.argv[5]), float(sys.argv[6])
SERVER_CA, CERT, KEY = sys.argv[2:5]


class OtherPort(ssl.SSLSocket):
    def connect(self, address):
        return super().connect((address[0], PORT))


class Context(ssl.SSLContext):
    sslsocket_class = OtherPort


def roots():
    with open(SERVER_CA, "rb") as file:
        return file.read()


connection.env_to_hostname = lambda environment: "localhost"
connection.get_dev_ca_cert = connection.get_root_cert = roots
connection.SSLContext = Context

answered = 0
done = threading.Event()


def on_new_order(order):
    global answered
    number = order.data[0]["orders"][0]["value"]
    if number % 2:
        order.acknowledge()
    else:
        order.nack()
    answered += 1
    print("order", number, order.tid, flush=True)
    if answered >= COUNT:
        done.set()


client = NGTTConnection(CERT, KEY, on_new_order)
deadline = time.monotonic() + SECONDS
done.wait(SECONDS)
# The answers leave from the client's own thread; it says when none are left.
while time.monotonic() < deadline:
    link = client.current_connection
    if done.is_set() and link is not None and not link.wants_write:
        break
    time.sleep(0.01)
client.close()
