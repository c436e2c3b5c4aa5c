# SPDX-License-Identifier: Apache-2.0
"""The object on the bus: properties, methods, rights, floods, shapes."""

import os
import sys
import unittest
import xml.etree.ElementTree as ElementTree

from lab import (GLib, LIMIT, Lab, NAME, PATH, TOKEN, base64url, error_name, nonce, read_fd, until)

PROGRAM, DOCS = sys.argv[1], sys.argv[2]
ERROR = "org.attestd.Error."


def described(node):
    """Interface XML as comparable tuples; order does not count."""
    members = set()
    for member in node:
        arguments = tuple((a.get("type"), a.get("name"), a.get("direction", "in"))
                          for a in member.findall("arg"))
        annotations = tuple(sorted((a.get("name"), a.get("value"))
                                   for a in member.findall("annotation")))
        members.add((member.tag, member.get("name"), member.get("type"), member.get("access"),
                     arguments, annotations))
    return members


class Case(unittest.TestCase):
    def refused(self, lab, method, arguments=None, connection=None):
        with self.assertRaises(GLib.Error) as caught:
            lab.call(method, arguments, connection)
        return error_name(caught.exception)


class Bus(Case):
    def test_introspection_is_what_the_document_says(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            reply = lab.connect().call_sync(NAME, PATH, "org.freedesktop.DBus.Introspectable",
                                            "Introspect", None, None, 0, 10000, None)
            live = ElementTree.fromstring(reply.unpack()[0])
            documented = ElementTree.parse(f"{DOCS}/org.attestd.Agent1.xml").getroot()
            path = f"interface[@name='{NAME}']"
            self.assertEqual(described(live.find(path)), described(documented.find(path)))
            self.assertTrue(described(documented.find(path)))

    def test_every_member_stands_in_the_prose(self):
        documented = ElementTree.parse(f"{DOCS}/org.attestd.Agent1.xml").getroot()
        with open(f"{DOCS}/org.attestd.Agent1.md") as file:
            prose = file.read()
        for member in documented.find("interface"):
            self.assertIn(f"`{member.get('name')}", prose)

    def test_properties_before_during_and_after_a_round(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            asked = lab.worker.next()
            before = lab.properties()
            self.assertEqual(before["State"], "PROVING")
            self.assertEqual(before["Verifier"], "lab")
            self.assertEqual(before["Protocol"], "native")
            self.assertEqual(before["VerdictExpiresUSec"], 0)
            self.assertEqual(before["NextRoundUSec"], 0)
            self.assertEqual(before["LastRoundUSec"], 0)
            self.assertEqual(before["Claims"], {})
            self.assertEqual(before["LastError"], ("", "", ""))
            asked.ok(simulated=True)
            asked.close()
            after = lab.wait_for("TRUSTED")
            now = GLib.get_real_time()
            self.assertEqual(after["EvidenceKinds"], ["cpu", "vtpm"])
            self.assertEqual(after["Claims"], {"hardware": "affirming", "debug": False,
                                               "guest_svn": 7, "measured": ["a", "b"],
                                               "replayed": [0, 7, 2**40], "nothing": []})
            self.assertTrue(after["Simulated"])
            self.assertTrue(0 < after["StateSinceUSec"] <= now)
            self.assertTrue(0 < after["LastRoundUSec"] <= now)
            self.assertTrue(now < after["NextRoundUSec"] < after["VerdictExpiresUSec"])
            self.assertTrue(after["VerdictExpiresUSec"] <= now + 3600 * 1000000)

    def test_facts_have_their_types(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            lab.worker.reply("ok")
            lab.wait_for("TRUSTED")
            claims = lab.connect().call_sync(
                NAME, PATH, "org.freedesktop.DBus.Properties", "Get",
                GLib.Variant("(ss)", (NAME, "Claims")), None, 0, LIMIT * 1000, None
            ).get_child_value(0).get_variant()
            kinds = {name: claims.lookup_value(name, None).get_type_string()
                     for name in claims.unpack()}
            self.assertEqual(kinds, {"hardware": "s", "debug": "b", "guest_svn": "x",
                                     "measured": "as", "replayed": "ax", "nothing": "as"})

    def test_every_read_gives_the_same_times(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            lab.worker.reply("ok", wall_life=7200)
            first = lab.wait_for("TRUSTED")
            for _ in range(300):
                self.assertEqual(lab.properties(), first)

    def test_properties_are_announced(self):
        with Lab(PROGRAM) as lab:
            changes = []
            connection = lab.connect()
            connection.signal_subscribe(NAME, "org.freedesktop.DBus.Properties",
                                        "PropertiesChanged", PATH, None, 0,
                                        lambda *arguments: changes.append(arguments[5].unpack()))
            lab.start_on_bus()
            lab.worker.reply("ok")
            context = GLib.MainContext.default()

            def trusted():
                while context.iteration(False):
                    pass
                return any(c[0] == NAME and c[1].get("State") == "TRUSTED" for c in changes)

            until(trusted, "the announcement of TRUSTED")

    def test_attest_answers_with_the_state_of_the_round_it_joins(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            asked = lab.worker.next()
            connection = lab.connect()
            first = lab.call_later("Attest", None, connection)
            second = lab.call_later("Attest", None, connection)
            # The answer to a later call proves that the two before have been taken.
            self.assertEqual(self.refused(lab, "GetToken", None, connection), ERROR + "NoVerdict")
            asked.ok()
            asked.close()
            self.assertEqual(first.get(), ("TRUSTED",))
            self.assertEqual(second.get(), ("TRUSTED",))
            self.assertTrue(lab.worker.arrived.empty(), "a second round was begun")

    def test_attest_begins_a_round_when_none_runs(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            lab.worker.reply("ok")
            lab.wait_for("TRUSTED")
            answer = lab.call_later("Attest")
            asked = lab.worker.next()
            self.assertEqual(lab.state(), "RENEWING")
            asked.no()
            asked.close()
            self.assertEqual(answer.get(), ("REFUSED",))
            self.assertEqual(lab.properties()["LastError"][0], "snp-tcb-too-low")

    def test_the_token_is_sealed_and_each_caller_reads_it_from_its_start(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            asked = lab.worker.next()
            self.assertEqual(self.refused(lab, "GetToken"), ERROR + "NoVerdict")
            asked.ok()
            asked.close()
            lab.wait_for("TRUSTED")
            one, two = lab.call("GetToken"), lab.call("GetToken")
            with self.assertRaises(OSError):
                os.write(one, b"x")
            self.assertEqual(read_fd(one).decode(), TOKEN)
            self.assertEqual(read_fd(two).decode(), TOKEN)
            self.assertNotIn(TOKEN.split(".")[1], lab.log())
            lab.logged("MESSAGE_ID=b5e0b9d0aa674007a44d498c7dfd542e", "lab-1")

    def test_evidence_is_made_over_the_callers_nonce_and_nothing_else(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            lab.worker.reply("ok")
            lab.wait_for("TRUSTED")
            answer = lab.call_later("CollectEvidence", nonce(32))
            request = lab.worker.reply("evidence")
            self.assertEqual(request["purpose"], "caller")
            self.assertEqual(request["nonce"], base64url(bytes(range(32))))
            self.assertEqual(request["gates"], [])
            self.assertEqual(read_fd(answer.get()), b'{"lab":1}')
            self.assertEqual(lab.state(), "TRUSTED")

    def test_evidence_is_made_one_after_the_other(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            lab.worker.reply("ok")
            lab.wait_for("TRUSTED")
            connection = lab.connect()
            first = lab.call_later("CollectEvidence", nonce(8), connection)
            asked = lab.worker.next()
            second = lab.call_later("CollectEvidence", nonce(64), connection)
            self.assertEqual(read_fd(lab.call("GetToken", None, connection)).decode(), TOKEN)
            self.assertTrue(lab.worker.arrived.empty())
            asked.failed("snp-device-absent")
            asked.close()
            self.assertEqual(error_name(first.get()), ERROR + "SnpDeviceAbsent")
            lab.worker.reply("evidence")
            self.assertEqual(read_fd(second.get()), b'{"lab":1}')

    def test_a_nonce_of_the_wrong_size_is_refused(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            for size in (0, 7, 65, 255):
                self.assertEqual(self.refused(lab, "CollectEvidence", nonce(size)),
                                 ERROR + "NonceSizeInvalid")

    def test_wrong_types_are_refused(self):
        invalid = "org.freedesktop.DBus.Error.InvalidArgs"
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            for method, arguments in (
                    ("Attest", GLib.Variant("(s)", ("now",))),
                    ("CollectEvidence", None),
                    ("CollectEvidence", GLib.Variant("(s)", ("nonce",))),
                    ("CollectEvidence", GLib.Variant("(ays)", (bytes(32), "report-data"))),
                    ("GetToken", GLib.Variant("(u)", (1,))),
                    ("OpenSecret", None),
                    ("OpenSecret", GLib.Variant("(ss)", ("x", "user:0")))):
                self.assertEqual(self.refused(lab, method, arguments), invalid)
            self.assertEqual(self.refused(lab, "SealSecret", GLib.Variant("(s)", ("x",))),
                             "org.freedesktop.DBus.Error.UnknownMethod")
            with self.assertRaises(GLib.Error):
                lab.connect().call_sync(
                    NAME, PATH, "org.freedesktop.DBus.Properties", "Set",
                    GLib.Variant("(ssv)", (NAME, "State", GLib.Variant("s", "TRUSTED"))),
                    None, 0, 10000, None)
            self.assertEqual(lab.state(), "PROVING")

    def test_a_megabyte_of_nonce_is_refused(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            self.assertEqual(self.refused(lab, "CollectEvidence",
                                          GLib.Variant("(ay)", (bytes(1 << 20),))),
                             ERROR + "NonceSizeInvalid")


class Rights(Case):
    """Who may; these need another user, so they need root."""

    def setUp(self):
        if os.getuid() != 0:
            self.skipTest("needs root, to call as another user")

    def test_without_polkit_only_root_is_let_in(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            lab.worker.reply("ok")
            lab.wait_for("TRUSTED")
            denied = {"org.freedesktop.DBus.Error.AccessDenied": 1}
            for method in ("Attest", "GetToken", "CollectEvidence", "ListSecrets"):
                self.assertEqual(lab.as_nobody(method, "1", "1", "1"), denied)
            self.assertEqual(read_fd(lab.call("GetToken")).decode(), TOKEN)
            self.assertTrue(lab.worker.arrived.empty(), "a round was begun for nobody")

    def test_polkit_decides_for_everyone_else(self):
        with Lab(PROGRAM) as lab:
            lab.start_polkit("(False, False, {})")
            lab.start_on_bus()
            lab.worker.reply("ok")
            lab.wait_for("TRUSTED")
            self.assertEqual(lab.as_nobody("GetToken", "1", "1", "1"),
                             {"org.freedesktop.DBus.Error.AccessDenied": 1})
            lab.decide("(False, True, {})")
            self.assertEqual(
                lab.as_nobody("GetToken", "1", "1", "1"),
                {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired": 1})
            lab.decide('(args[1] == "org.attestd.agent1.get-token", False, {})')
            self.assertEqual(lab.as_nobody("GetToken", "1", "1", "1"), {"ok": 1})
            self.assertEqual(lab.as_nobody("Attest", "1", "1", "1"),
                             {"org.freedesktop.DBus.Error.AccessDenied": 1})

    def test_a_flood_of_one_user_does_not_keep_root_out(self):
        with Lab(PROGRAM) as lab:
            lab.start_polkit("(True, False, {})")
            lab.start_on_bus()
            asked = lab.worker.next()
            # 20 connections with 10 calls each; 8 of this user may wait for the round.
            answers = lab.as_nobody("Attest", "20", "10", "192")
            self.assertEqual(answers, {ERROR + "TooManyCalls": 192})
            connection = lab.connect()
            waiting = lab.call_later("Attest", None, connection)
            self.assertEqual(self.refused(lab, "GetToken", None, connection), ERROR + "NoVerdict")
            asked.ok()
            asked.close()
            self.assertEqual(waiting.get(), ("TRUSTED",))

    def test_a_flood_of_root_is_bounded_too(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            asked = lab.worker.next()
            answers = lab.as_root("Attest", "20", "10", "168")
            self.assertEqual(answers, {ERROR + "TooManyCalls": 168})
            asked.ok()
            asked.close()
            lab.wait_for("TRUSTED")
            self.assertEqual(read_fd(lab.call("GetToken")).decode(), TOKEN)

    def test_polkit_that_never_answers_holds_up_nobody_else(self):
        with Lab(PROGRAM) as lab:
            lab.start_polkit("__import__('time').sleep(3600)")
            lab.start_on_bus()
            lab.worker.reply("ok")
            lab.wait_for("TRUSTED")
            answers = lab.as_nobody("GetToken", "20", "10", "192")
            self.assertEqual(answers, {ERROR + "TooManyCalls": 192})
            self.assertEqual(read_fd(lab.call("GetToken")).decode(), TOKEN)
            lab.polkit.kill()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
