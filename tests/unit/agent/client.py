# SPDX-License-Identifier: Apache-2.0
"""Calls attestd as whoever runs this: client.py ADDRESS METHOD CONNECTIONS CALLS.

Prints a JSON object: how often each answer came. Calls that got no answer are not waited for
once WAIT answers are there.
"""

import json
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib

NAME = "org.attestd.Agent1"
PATH = "/org/attestd/Agent1"


def main():
    address, method, n_connections, n_calls, wait = sys.argv[1:6]
    arguments = {"CollectEvidence": GLib.Variant("(ay)", (bytes(32),)),
                 "OpenSecret": GLib.Variant("(s)", ("db-password",))}.get(method)
    flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
             | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
    answers = {}
    loop = GLib.MainLoop()

    def done(connection, result):
        try:
            connection.call_finish(result)
            name = "ok"
        except GLib.Error as error:
            name = Gio.DBusError.get_remote_error(error) or error.message
        answers[name] = answers.get(name, 0) + 1
        if sum(answers.values()) >= int(wait):
            loop.quit()

    connections = []
    for _ in range(int(n_connections)):
        connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        connections.append(connection)
        for _ in range(int(n_calls)):
            connection.call(NAME, PATH, NAME, method, arguments, None, 0, 25000, None, done)
    loop.run()
    print(json.dumps(answers))


main()
