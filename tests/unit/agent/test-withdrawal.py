# SPDX-License-Identifier: Apache-2.0
"""The files that systemd watches: "trusted" is there while a verdict is held and says how long; what
is to stop when it is lost stands in "loss"; whatever happens, and in whatever order."""

import os
import random
import signal
import sys
import time
import unittest

from lab import GLib, LIMIT, boottime_usec, until
from secretslab import SecretsLab, WITHDRAWN, is_refusal, release, secret_of

PROGRAM = sys.argv[1]
STEPS = 40

# What happens to who holds a secret of such a name.
ON_LOSS = {"stop": "stop-units", "off": "poweroff"}


def end_verdict(record):
    record["verdict"].update(expires_boottime_usec=1)


class LossLab(SecretsLab):
    def __init__(self, **settings):
        super().__init__(PROGRAM, **{"retry_min": "1h", "retry_max": "1d", **settings})
        self.release.script = lambda asked: release(asked, on_loss=ON_LOSS)

    def get(self, secret, unit="db.service", kind="unit"):
        data = self.ask(unit, secret, kind).get()
        assert data == secret_of(unit if kind == "cryptsetup" else secret), data[:40]

    def attest(self, how, **members):
        pending = self.call_later("Attest")
        self.worker.reply(how, **members)
        return pending.get()


class Trusted(unittest.TestCase):
    def assert_until(self, lab, expires_usec):
        """The bus speaks of the wall clock, the file of the boot clock."""
        found = until(lab.trusted_until, "the file")
        offset = time.clock_gettime_ns(time.CLOCK_REALTIME) // 1000 - boottime_usec()
        # The two clocks are not read at once, here and there.
        self.assertAlmostEqual(found + offset, expires_usec, delta=5 * 10**6)

    def test_it_is_there_with_the_verdict_and_says_its_end(self):
        with LossLab() as lab:
            lab.start_on_bus()
            self.assertIsNone(lab.trusted_until())
            lab.trust(life=1000)
            self.assert_until(lab, lab.wait_for("TRUSTED")["VerdictExpiresUSec"])

    def test_the_stricter_clock_counts(self):
        with LossLab() as lab:
            lab.start_on_bus()
            lab.trust(life=1000, wall_life=500)
            found = lab.wait_for("TRUSTED")["VerdictExpiresUSec"]
            self.assert_until(lab, found)
            self.assertLess(lab.trusted_until(), boottime_usec() + 501 * 10**6)

    def test_a_renewal_moves_it_on_and_never_takes_it_away(self):
        with LossLab() as lab:
            lab.start_trusted(life=1000)
            before = lab.trusted_until()
            path = f"{lab.runtime}/standing/trusted"
            with open(path) as file:
                self.assertEqual(lab.attest("ok", life=2000), ("TRUSTED",))
                self.assertIn(str(before), file.read())  # the old one is whole, too
            self.assertGreater(lab.trusted_until(), before + 900 * 10**6)
            self.assertEqual(lab.attest("failed"), ("TRUSTED",))
            self.assertIsNotNone(lab.trusted_until())

    def test_a_refusal_removes_it(self):
        with LossLab() as lab:
            lab.start_trusted()
            self.assertEqual(lab.attest("no"), ("REFUSED",))
            self.assertIsNone(lab.trusted_until())
            self.assertEqual(lab.attest("ok"), ("TRUSTED",))
            self.assertIsNotNone(lab.trusted_until())

    def test_the_end_of_the_verdict_removes_it(self):
        with LossLab() as lab:
            lab.start_trusted()
            self.assertIsNotNone(lab.trusted_until())
            lab.attest_briefly(life=2)
            lab.wait_for("WAITING")
            self.assertIsNone(lab.trusted_until())

    def test_a_restart_and_a_crash_keep_it_there_all_the_time(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number), LossLab() as lab:
                lab.start_pid1("restart")
                lab.start_trusted()
                before = lab.trusted_until()
                lab.end(lab.process, number)
                self.assertEqual(lab.trusted_until(), before)
                lab.start_from_store()
                self.assertEqual(lab.state(), "TRUSTED")
                self.assertAlmostEqual(lab.trusted_until(), before, delta=5 * 10**6)

    def test_a_stop_removes_it(self):
        with LossLab() as lab:
            lab.start_pid1("stop")
            lab.start_trusted()
            lab.end(lab.process)
            self.assertIsNone(lab.trusted_until())

    def test_the_next_run_removes_it_where_it_does_not_go_on(self):
        with LossLab() as lab:
            lab.start_trusted()
            lab.end(lab.process, signal.SIGKILL)
            self.assertIsNotNone(lab.trusted_until())
            lab.start_on_bus()  # with an empty store
            self.assertIsNone(lab.trusted_until())

    def test_the_next_run_removes_it_where_the_verdict_ended_meanwhile(self):
        with LossLab() as lab:
            lab.start_trusted()
            lab.end(lab.process, signal.SIGKILL)
            lab.edit_standing(end_verdict)
            self.assertIsNotNone(lab.trusted_until())
            lab.start_from_store()
            self.assertIsNone(lab.trusted_until())

    def test_other_settings_remove_it(self):
        with LossLab() as lab:
            lab.start_trusted()
            lab.configure(verifier="AcceptSimulated=yes", retry_min="1h", retry_max="1d")
            lab.process.send_signal(signal.SIGHUP)
            until(lambda: lab.trusted_until() is None, "the end of the file")

    def test_without_a_place_for_it_the_rest_goes_on(self):
        with LossLab() as lab:
            with open(f"{lab.runtime}/standing", "w"):
                pass
            lab.start_trusted()
            lab.logged("there is no place for what attested.target")
            lab.get("one")
            self.assertEqual(lab.attest("no"), ("REFUSED",))
            lab.logged(WITHDRAWN, 'ATTEST_SECRET="one"')


class Loss(unittest.TestCase):
    def give_out(self, lab):
        lab.get("plain", "a.service")
        lab.get("stop", "b.service")
        lab.get("stop", "c@x\\x2dy.service")
        self.assertEqual(lab.loss_orders(), [])

    def test_a_refusal_stops_who_is_to_be_stopped(self):
        with LossLab() as lab:
            lab.start_trusted()
            self.give_out(lab)
            self.assertEqual(lab.attest("no"), ("REFUSED",))
            self.assertEqual(lab.loss_orders(), ["b.service", "c@x\\x2dy.service"])
            lab.logged(WITHDRAWN, 'ATTEST_SECRET="stop"', "keeps it until it ends",
                       "stays open until it is closed")

    def test_who_has_it_is_named_each_once(self):
        with LossLab() as lab:
            lab.start_trusted()
            self.give_out(lab)
            lab.get("plain", "d.service")
            lab.get("plain", "a.service")
            self.assertEqual(lab.attest("no"), ("REFUSED",))
            lab.logged(WITHDRAWN, 'ATTEST_ASKER="unit:c@x\\x2dy.service" ATTEST_SECRET="stop"')
            for asker, secret in (("a", "plain"), ("d", "plain"), ("b", "stop")):
                lab.logged(WITHDRAWN, f'ATTEST_ASKER="unit:{asker}.service" ATTEST_SECRET="{secret}"')
            self.assertEqual(lab.log().count(WITHDRAWN), 4)

    def finding_of(self, lab):
        """Of the one withdrawal in the journal; None: it has none."""
        line = lab.logged(WITHDRAWN)
        return line.split('ATTEST_FINDING="')[1].split('"')[0] if "ATTEST_FINDING=" in line else None

    def test_what_it_is_for_is_what_costs_the_verdict_and_nothing_of_before(self):
        def refused(lab):
            lab.attest("no")

        def settings(lab):
            lab.configure(verifier="AcceptSimulated=yes", retry_min="1h", retry_max="1d")
            lab.process.send_signal(signal.SIGHUP)

        def put_back(lab):
            lab.process.send_signal(signal.SIGUSR1)

        def other_tpm(lab):
            lab.attest("failed", tpm_clock={"clock_msec": 1, "reset_count": 5, "restart_count": 0})

        def stopped(lab):
            lab.end(lab.process)

        for loses, finding in ((refused, "snp-tcb-too-low"), (settings, None), (stopped, None),
                               (put_back, "machine-rewound"), (other_tpm, "tpm-not-continuous")):
            with self.subTest(loses.__name__), LossLab() as lab:
                lab.start_pid1("stop")
                lab.start_trusted()
                lab.get("plain")
                lab.attest("failed", tpm_clock={"clock_msec": 1, "reset_count": 4, "restart_count": 0})
                loses(lab)
                self.assertEqual(self.finding_of(lab), finding)

    def test_so_does_the_end_of_the_verdict(self):
        with LossLab() as lab:
            lab.start_trusted()
            self.give_out(lab)
            lab.attest_briefly(life=2)
            lab.wait_for("WAITING")
            self.assertEqual(lab.loss_orders(), ["b.service", "c@x\\x2dy.service"])

    def test_so_does_a_stop(self):
        with LossLab() as lab:
            lab.start_pid1("stop")
            lab.start_trusted()
            self.give_out(lab)
            lab.end(lab.process)
            self.assertEqual(lab.loss_orders(), ["b.service", "c@x\\x2dy.service"])

    def test_a_volume_is_stopped_by_its_unit(self):
        with LossLab() as lab:
            lab.release.script = lambda asked: release(asked, on_loss={"my-data": "stop-units"})
            lab.start_trusted()
            lab.get("", "my-data", "cryptsetup")
            self.assertEqual(lab.attest("no"), ("REFUSED",))
            self.assertEqual(lab.loss_orders(), ["systemd-cryptsetup@my\\x2ddata.service"])

    def test_a_caller_of_the_bus_has_no_unit(self):
        with LossLab() as lab:
            lab.start_trusted()
            os.close(lab.call("OpenSecret", GLib.Variant("(s)", ("stop",))))
            self.assertEqual(lab.attest("no"), ("REFUSED",))
            self.assertEqual(lab.loss_orders(), [])
            lab.logged(WITHDRAWN, 'ATTEST_ASKER="user:0" ATTEST_SECRET="stop"')

    def test_a_failed_round_and_a_renewal_stop_nobody(self):
        with LossLab() as lab:
            lab.start_trusted()
            self.give_out(lab)
            for how in ("failed", "ok"):
                self.assertEqual(lab.attest(how), ("TRUSTED",))
                self.assertEqual(lab.loss_orders(), [])

    def test_a_refusal_and_an_end_turn_the_machine_off(self):
        with LossLab() as lab:
            lab.start_trusted()
            lab.get("off")
            self.assertEqual(lab.attest("no"), ("REFUSED",))
            self.assertEqual(lab.loss_orders(), ["poweroff"])
        with LossLab() as lab:
            lab.start_trusted()
            lab.get("off")
            lab.attest_briefly(life=2)
            lab.wait_for("WAITING")
            self.assertEqual(lab.loss_orders(), ["poweroff"])

    def test_what_somebody_wanted_does_not_turn_it_off(self):
        with LossLab() as lab:
            lab.start_pid1("stop")
            lab.start_trusted()
            lab.get("off")
            lab.end(lab.process)
            self.assertEqual(lab.loss_orders(), [])
        with LossLab() as lab:
            lab.start_trusted()
            lab.get("off")
            lab.get("stop")
            lab.configure(verifier="AcceptSimulated=yes", retry_min="1h", retry_max="1d")
            lab.process.send_signal(signal.SIGHUP)
            until(lambda: lab.trusted_until() is None, "the end of the file")
            until(lab.loss_orders, "the order")
            self.assertEqual(lab.loss_orders(), ["db.service"])

    def test_a_restart_forgets_nobody(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number), LossLab() as lab:
                lab.start_pid1("restart")
                lab.start_trusted()
                self.give_out(lab)
                lab.restart(number)
                self.assertEqual(lab.loss_orders(), [])
                self.assertEqual(lab.attest("no"), ("REFUSED",))
                self.assertEqual(lab.loss_orders(), ["b.service", "c@x\\x2dy.service"])
                lab.logged(WITHDRAWN, 'ATTEST_ASKER="unit:b.service" ATTEST_SECRET="stop"')
                self.assertNotIn("ATTEST_ASKER", lab.logged(WITHDRAWN, 'ATTEST_SECRET="plain"'))

    def test_a_restart_forgets_nobody_whom_it_has_waited_for(self):
        with LossLab() as lab:
            lab.start_pid1("restart")
            lab.release.script = None
            lab.start_trusted()
            asker = lab.ask("db.service", "stop")
            asked = lab.release.next()
            lab.process.send_signal(signal.SIGTERM)
            lab.logged("TRUSTED to STOPPING")
            release(asked, on_loss=ON_LOSS)
            asked.close()
            self.assertEqual(asker.get(), secret_of("stop"))
            self.assertEqual(lab.process.wait(LIMIT), 0)
            lab.start_from_store()
            self.assertEqual(lab.state(), "TRUSTED")
            self.assertEqual(lab.attest("no"), ("REFUSED",))
            self.assertEqual(lab.loss_orders(), ["db.service"])

    def test_a_verdict_that_ended_while_nobody_ran_is_lost_all_the_same(self):
        with LossLab() as lab:
            lab.start_trusted()
            lab.get("off")
            lab.get("stop")
            lab.end(lab.process, signal.SIGKILL)
            lab.edit_standing(end_verdict)
            lab.start_from_store()
            self.assertEqual(lab.loss_orders(), ["db.service", "poweroff"])

    def test_settings_that_changed_while_nobody_ran_take_it_back(self):
        with LossLab() as lab:
            lab.start_trusted()
            lab.get("off")
            lab.get("stop")
            lab.end(lab.process, signal.SIGKILL)
            lab.configure(verifier="AcceptSimulated=yes", retry_min="1h", retry_max="1d")
            lab.start_from_store()
            self.assertEqual(lab.loss_orders(), ["db.service"])
            lab.logged(WITHDRAWN, 'ATTEST_SECRET="off"')

    def test_a_run_that_cannot_begin_takes_it_back(self):
        with LossLab() as lab:
            lab.start_trusted()
            lab.get("off")
            lab.get("stop")
            lab.end(lab.process, signal.SIGKILL)
            lab.configure(secrets="WaitSec=5 parsecs")
            with lab.manager.lock:
                stored = [(name, os.dup(fd)) for name, fd in lab.manager.store]
            lab.start(stored=stored)
            for _, fd in stored:
                os.close(fd)
            self.assertEqual(lab.process.wait(LIMIT), 2)
            self.assertIsNone(lab.trusted_until())
            self.assertEqual(lab.approval_names(), [])
            self.assertEqual(lab.loss_orders(), ["db.service"])
            lab.logged(WITHDRAWN, 'ATTEST_SECRET="off"')

    def test_what_could_not_be_taken_back_is_not_given_out(self):
        with LossLab(secrets="WaitSec=1h") as lab:
            lab.release.script = lambda asked: release(
                asked, on_loss={one["name"]: "stop-units" for one in asked.request["askers"]}
                if asked.request else {})
            lab.start_trusted()
            for number in range(0, 1024, 64):
                askers = [lab.ask(f"u{number + i}.service", "key") for i in range(64)]
                for asker in askers:
                    self.assertEqual(asker.get(), secret_of("key"))
            self.assertTrue(is_refusal(lab.ask("one-more.service", "key").get()))
            lab.logged('ATTEST_FINDING="asker-too-much-out"', "one-more.service")
            # Who has it already may have it again.
            self.assertEqual(lab.ask("u7.service", "key").get(), secret_of("key"))
            self.assertEqual(lab.attest("no"), ("REFUSED",))
            self.assertEqual(len(lab.loss_orders()), 1024)


class Walk(unittest.TestCase):
    """Whatever happens in whatever order: the files say what the standing is."""

    def settle(self, lab, states):
        state = lab.wait_for(*states)["State"]
        has_verdict = state in ("TRUSTED", "RENEWING")
        until(lambda: (lab.trusted_until() is not None) == has_verdict, f"the file in {state}")
        return has_verdict

    def step(self, lab, choice, random_, held, out):
        """One of the things that happen; whether a verdict is held, and who has what."""
        if choice in ("ok", "failed", "no"):
            lab.attest(choice, **({"gates": {"lab": 600}} if choice == "ok" else {}))
            held = self.settle(lab, {"ok": ("TRUSTED",), "no": ("REFUSED",),
                                     "failed": ("TRUSTED",) if held else ("WAITING",)}[choice])
        elif choice == "ask" and held:
            unit = f"u{random_.randrange(5)}.service"
            secret = random_.choice(("plain", "stop"))
            lab.get(secret, unit)
            if secret == "stop":
                out.add(unit)
        elif choice in ("restart", "kill"):
            lab.restart(signal.SIGTERM if choice == "restart" else signal.SIGKILL)
            held = self.settle(lab, ("TRUSTED",) if held else ("WAITING", "REFUSED"))
        return held

    def test_the_files_say_what_the_standing_is(self):
        seed = random.randrange(2**32)
        random_ = random.Random(seed)
        with self.subTest(seed=seed), LossLab() as lab:
            lab.start_pid1("restart")
            lab.start_on_bus()
            lab.worker.reply("failed")
            held, out = self.settle(lab, ("WAITING",)), set()
            for _ in range(STEPS):
                choice = random_.choice(("ok", "ok", "failed", "no", "ask", "ask", "restart",
                                         "kill"))
                held = self.step(lab, choice, random_, held, out)
                orders = set(lab.loss_orders())
                self.assertEqual(orders, set() if held else out, choice)
                if not held:
                    for name in orders:  # as attestd-loss.service does
                        os.unlink(f"{lab.runtime}/standing/loss/{name}")
                    out = set()


if __name__ == "__main__":
    if os.getuid() != 0:
        print("skipped: only root is let in as an asker")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
