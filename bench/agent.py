#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Memory of attestd, started as its unit starts it, after each kind of work it does: what is its own
(private dirty) and what is resident. Then for how long it alone has a connection that it accepted.
agent.py ATTESTD ATTESTD.SERVICE ACCEPT-WINDOW.SO [RELEASES]"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/unit/agent"))

from lab import nonce, until  # noqa: E402
from secretslab import SecretsLab  # noqa: E402

program, unit, window = sys.argv[1:4]
n_releases = int(sys.argv[4]) if len(sys.argv) > 4 else 20000
with open(unit, encoding="utf-8") as file:
    environment = dict(re.findall(r"^Environment=(GLIBC_TUNABLES)=(.*)$", file.read(), re.MULTILINE))

# A page of a program that was built a moment ago and is not on the disk yet counts as dirty, too.
with open(program, "rb") as file:
    os.fsync(file.fileno())


def show(what, lab):
    with open(f"/proc/{lab.process.pid}/smaps_rollup", encoding="ascii") as file:
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in file if line.endswith(" kB\n")}
    print(f"{what + ':':44}{sizes['Private_Dirty']:6} KiB private dirty, {sizes['Rss']} KiB resident, "
          f"{sizes['Pss']} KiB proportional", flush=True)


def release_in_groups(lab, n_in_all, n_at_once, n_names):
    for first in range(0, n_in_all, n_at_once):
        askers = [lab.ask(f"u{i}.service", f"s{(first + i) % n_names}") for i in range(n_at_once)]
        for asker in askers:
            asker.get()
    lab.waits(0)
    lab.manager.messages.clear()


with SecretsLab(program) as lab:
    lab.start_on_bus(environment=environment)
    lab.trust()
    lab.wait_for("TRUSTED")
    show("attestd idle, TRUSTED", lab)

    for _ in range(60):
        pending = lab.call_later("Attest")
        lab.trust()
        pending.get()
        os.close(lab.call("GetToken"))
        pending = lab.call_later("CollectEvidence", nonce())
        lab.worker.reply("evidence")
        os.close(pending.get())
    show("after 60 rounds, 60 tokens, 60 evidences", lab)

    held = lab.release
    held.script, script = None, held.script
    askers = [lab.ask(f"u{i}.service", f"s{i}") for i in range(100)]

    def serve():
        while not held.arrived.empty():
            asked = held.next()
            script(asked)
            asked.close()
        return sum(asker.has_answer() for asker in askers) == 100

    lab.waits(100)
    show("while 100 wait", lab)
    until(serve, "all to be served")
    for asker in askers:
        asker.get()
    lab.waits(0)
    show("after these 100", lab)
    held.script = script

    for part in range(1, 5):
        release_in_groups(lab, n_releases // 4, 20, 100)
        show(f"after {part * n_releases // 4} releases of 100 secrets", lab)

with SecretsLab(program) as lab:
    lab.start_on_bus(environment={**environment, "LD_PRELOAD": window})
    lab.trust()
    lab.wait_for("TRUSTED")
    for _ in range(1000):
        lab.ask().get()
    windows = sorted(int(line.split()[1]) / 1000 for line in lab.log().split("\n")
                     if line.startswith("accept-window "))
print(f"from accepting a connection to its being stored: median {windows[len(windows) // 2]:.0f} us, "
      f"least {windows[0]:.0f}, of a hundred the longest {windows[len(windows) * 99 // 100]:.0f}")
