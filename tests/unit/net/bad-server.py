#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An HTTPS server that misbehaves as its path says. Ends when its standard input is closed.

usage: bad-server.py DIRECTORY    (holds NAME.crt and NAME.key; prints one JSON line of ports)
"""
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time

directory = sys.argv[1]
proxied = []  # what the proxies were asked, header lines included


def context(name, mutual=False, old=False):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(f"{directory}/{name}.crt", f"{directory}/{name}.key")
    if mutual:
        c.verify_mode = ssl.CERT_REQUIRED
        c.load_verify_locations(f"{directory}/ca.crt")
    if old:
        c.set_ciphers("ALL:@SECLEVEL=0")
        c.minimum_version = ssl.TLSVersion.TLSv1_1
        c.maximum_version = ssl.TLSVersion.TLSv1_1
    return c


def read_request(s):
    data = b""
    while b"\r\n\r\n" not in data:
        more = s.recv(65536)
        if not more:
            return None
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, value = line.split(":", 1)
        headers[name.lower()] = value.strip()
    while len(body) < int(headers.get("content-length", "0")):
        body += s.recv(65536)
    method, path, _ = lines[0].split(" ", 2)
    return method, path, headers, body


def reply(s, status, headers, body=b"", length=True):
    head = f"HTTP/1.1 {status} Whatever\r\n"
    if length:
        head += f"Content-Length: {len(body)}\r\n"
    for name, value in headers:
        head += f"{name}: {value}\r\n"
    s.sendall(head.encode() + b"\r\n" + body)


def echo(s, method, path, headers, body):
    told = {"method": method, "path": path, "headers": headers, "size": len(body),
            "body": body[:64].decode("latin-1"), "proxied": proxied}
    reply(s, 200, [("Content-Type", "application/json"),
                   ("Date", "Sun, 22 Nov 2026 06:05:00 GMT")], json.dumps(told).encode())


def huge(s, announce):
    piece = b"x" * 65536
    total = 100 << 20
    head = "HTTP/1.1 200 OK\r\n" + (f"Content-Length: {total}\r\n" if announce else "") + "\r\n"
    s.sendall(head.encode())
    for _ in range(total // len(piece)):
        s.sendall(piece)


def chunked_endless(s):
    s.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        s.sendall(b"1000\r\n" + b"y" * 4096 + b"\r\n")


def slow(s):
    s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    while True:
        s.sendall(b"z")
        time.sleep(0.1)


def endless_header(s):
    s.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        s.sendall(b"X-Filler: " + b"f" * 4000 + b"\r\n")


def serve(s):
    while True:
        request = read_request(s)
        if request is None:
            return
        path = request[1]
        if path == "/echo":
            echo(s, *request)
        elif path == "/500":
            reply(s, 500, [("Content-Type", "text/plain")], b"boom")
        elif path == "/429":
            reply(s, 429, [("Retry-After", "7")])
        elif path == "/429-late":
            reply(s, 429, [("Retry-After", "86400")])
        elif path == "/503-words":
            reply(s, 503, [("Retry-After", "tomorrow")])
        elif path == "/403":
            reply(s, 403, [("Content-Type", "text/html")], b"<html>Blocked by policy</html>")
        elif path == "/302":
            reply(s, 302, [("Location", "https://elsewhere.example/login")], b"moved")
        elif path == "/304":
            reply(s, 304, [], length=False)
        elif path == "/close":
            return
        elif path == "/reset":
            os.close(s.detach())
            return
        elif path == "/garbage":
            s.sendall(os.urandom(400) + b"\n")
            return
        elif path == "/half":
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
            return
        elif path == "/huge":
            huge(s, True)
        elif path == "/huge-unannounced":
            huge(s, False)
        elif path == "/huge-error":
            s.sendall(b"HTTP/1.1 500 Big\r\n\r\n")
            s.sendall(b"e" * (1 << 20))
            return
        elif path == "/chunked-endless":
            chunked_endless(s)
        elif path == "/slow":
            slow(s)
        elif path == "/silent":
            time.sleep(60)
        elif path == "/endless-header":
            endless_header(s)
        elif path == "/bad-date":
            reply(s, 200, [("Date", "the day after " + "x" * 200)], b"{}")
        elif path == "/gzip":
            reply(s, 200, [("Content-Encoding", "gzip")], b"\x1f\x8bnot really")
        else:
            reply(s, 404, [])


def guarded(body):
    def run(connection, *args):
        try:
            body(connection, *args)
        except (OSError, ValueError):
            pass
        finally:
            connection.close()
    return run


def drain(s):
    """Reads what is still coming, so that the alert just sent is not lost to a reset."""
    s.shutdown(socket.SHUT_WR)
    while os.read(s.fileno(), 65536):
        pass


@guarded
def tls_connection(connection, c):
    s = c.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
    try:
        s.do_handshake()
    except ssl.SSLError:
        drain(s)
        s.close()
        return
    try:
        serve(s)
    finally:
        try:
            s.unwrap()
        except (OSError, ValueError):
            pass


@guarded
def plain_connection(connection, _):
    connection.recv(1024)
    connection.sendall(b"HTTP/1.1 400 No TLS here\r\n\r\n")


@guarded
def deaf_connection(connection, _):
    time.sleep(60)


# Ends in the middle of the handshake, as a server does that dies.
@guarded
def dying_connection(connection, how):
    connection.recv(4096)
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def pump(a, b):
    try:
        while True:
            data = a.recv(65536)
            if not data:
                break
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


@guarded
def proxy_connection(connection, status):
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    proxied.append(head.decode("latin-1"))
    if status != 200:
        connection.sendall(f"HTTP/1.1 {status} Policy\r\nContent-Length: 0\r\n\r\n".encode())
        return
    host, port = head.split(b" ")[1].rsplit(b":", 1)
    with socket.create_connection((host.decode().strip("[]"), int(port))) as upstream:
        connection.sendall(b"HTTP/1.1 200 Go ahead\r\nDate: Thu, 01 Jan 1998 00:00:00 GMT\r\n\r\n")
        threading.Thread(target=pump, args=(upstream, connection), daemon=True).start()
        pump(connection, upstream)


def listen(handler, argument, family=socket.AF_INET, host="127.0.0.1"):
    server = socket.socket(family, socket.SOCK_STREAM)
    server.bind((host, 0))
    server.listen(16)

    def accept():
        while True:
            connection, _ = server.accept()
            threading.Thread(target=handler, args=(connection, argument), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


good = context("good")
ports = {
    "good": listen(tls_connection, good),
    "expired": listen(tls_connection, context("expired")),
    "ending": listen(tls_connection, context("ending")),
    "faded": listen(tls_connection, context("faded")),
    "early": listen(tls_connection, context("early")),
    "elsewhere": listen(tls_connection, context("elsewhere")),
    "foreign": listen(tls_connection, context("foreign")),
    "mutual": listen(tls_connection, context("good", mutual=True)),
    "old": listen(tls_connection, context("good", old=True)),
    "plain": listen(plain_connection, None),
    "reset": listen(dying_connection, "reset"),
    "ended": listen(dying_connection, "ended"),
    "deaf": listen(deaf_connection, None),
    "proxy": listen(proxy_connection, 200),
    "proxy-403": listen(proxy_connection, 403),
    "proxy-407": listen(proxy_connection, 407),
    "closed": closed_port(),
}
try:
    ports["ipv6"] = listen(tls_connection, good, socket.AF_INET6, "::1")
except OSError:
    pass  # a machine without IPv6: the test skips that part

print(json.dumps(ports), flush=True)
sys.stdin.read()
os._exit(0)
