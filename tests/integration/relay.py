# SPDX-License-Identifier: Apache-2.0
"""The ground that the tests' false verifiers stand on: HTTPS with a certificate of our choice in
front, the real verifier behind."""
import argparse
import base64
import http.client
import http.server
import json
import os
import socket
import ssl


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def flip(data, offset):
    changed = bytearray(data)
    changed[offset] ^= 1
    return bytes(changed)


def arguments(description):
    """The parser of what every relay is told."""
    parser = argparse.ArgumentParser(description=description)
    for name in ("port-file", "upstream", "certificate", "key"):
        parser.add_argument(f"--{name}", required=True)
    return parser


def announce(args, server_socket):
    """Says in the file, whole or not at all, which port the kernel gave us."""
    with open(args.port_file + ".new", "w", encoding="ascii") as file:
        file.write(f"{server_socket.getsockname()[1]}\n")
    os.rename(args.port_file + ".new", args.port_file)


class Relay(http.server.BaseHTTPRequestHandler):
    """Passes everything on. Subclasses come between with on_post()."""
    protocol_version = "HTTP/1.1"
    upstream = 0

    def setup(self):
        super().setup()
        try:
            self.request.do_handshake()
        except ssl.SSLError:
            # Closing with unread data would take our alert from the peer.
            bare = socket.socket(fileno=self.request.detach())
            bare.shutdown(socket.SHUT_WR)
            while bare.recv(4096):
                pass
            raise

    def ask(self, body):
        """(status, media type, data) of the real verifier."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.upstream, timeout=30,
                                                 context=ssl._create_unverified_context())
        connection.request(self.command, self.path, body,
                           {"Content-Type": self.headers.get("Content-Type", "")})
        reply = connection.getresponse()
        return reply.status, reply.headers.get("Content-Type", ""), reply.read()

    def answer(self, status, kind, data, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def on_post(self, body):
        self.answer(*self.ask(body))

    def do_POST(self):
        self.on_post(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def do_GET(self):
        self.answer(*self.ask(None))

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Agents that hang up are what these tests are about."""


def serve(handler, args, wants_client=False):
    """WANTS_CLIENT: nobody without a client certificate of ours is let in."""
    handler.upstream = int(args.upstream)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(args.certificate, args.key)
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(args.certificate)
    server = Server(("127.0.0.1", 0), handler)
    announce(args, server.socket)
    # The handshake is the handler thread's, so that one bad peer stops no other.
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    server.serve_forever()
