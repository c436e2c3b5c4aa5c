#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# attest-verifier where no memory can be locked says so, and what helps: test-memlock.sh PROGRAM
set -euo pipefail
program=$1
grep -q __asan_init "$program" && { echo "skipped: the address sanitizer makes nothing of mlock"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/attestd-memlock.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir "$work/home"

# Root may always lock memory.
as=()
if [ "$(id -u)" = 0 ]; then
    command -v setpriv >/dev/null || { echo "skipped: no setpriv"; exit 77; }
    chown 65534:65534 "$work/home"
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
cp "$program" "$work/program"
"${as[@]}" "$work/program" --help >/dev/null 2>&1 || { echo "skipped: the program cannot be run by another user"; exit 77; }

"${as[@]}" "$work/program" init "$work/home/verifier" --listen 127.0.0.1:0 >/dev/null
status=0
prlimit --memlock=0:0 "${as[@]}" timeout 50 "$work/program" serve "$work/home/verifier" 2>"$work/text" || status=$?
[ "$status" = 1 ] || { echo "status $status, wanted 1"; cat "$work/text"; exit 1; }
grep -q "no memory can be locked for keys" "$work/text" || { echo "no cause:"; cat "$work/text"; exit 1; }
grep -q "ulimit -l .*LimitMEMLOCK=" "$work/text" || { echo "no remedy:"; cat "$work/text"; exit 1; }
