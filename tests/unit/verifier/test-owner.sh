#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What root does in a verifier's directory is done as its owner, and a directory can be checked before
# it is served: test-owner.sh PROGRAM
set -euo pipefail
program=$1
[ "$(id -u)" = 0 ] || { echo "skipped: only root can become another"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/attestd-owner.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -m 0700 "$work/verifier"
chown 65534:65534 "$work/verifier"
fail() { echo "$*" >&2; exit 1; }
foreign() { find "$work/verifier" -not \( -uid 65534 -gid 65534 \) | grep -q .; }

"$program" init "$work/verifier" >/dev/null
! foreign || fail "init made what is not the owner's"
"$program" keys rotate-nonce "$work/verifier" >/dev/null
"$program" keys next-release "$work/verifier" >/dev/null
! foreign || fail "keys made what is not the owner's"

# A link of the owner's leads root nowhere.
echo untouched >"$work/roots" && chmod 600 "$work/roots"
rm "$work/verifier/keys.lock" && ln -s "$work/roots" "$work/verifier/keys.lock"
! "$program" keys rotate-nonce "$work/verifier" >/dev/null 2>&1 || fail "root followed a link"
[ "$(cat "$work/roots")" = untouched ] || fail "root wrote through a link"

[ "$("$program" check "$work/verifier" | grep -c ": ok, policy ")" = 1 ] || fail "check says no"
echo '{' >"$work/verifier/policy.json"
status=0
"$program" check "$work/verifier" 2>"$work/said" || status=$?
[ "$status" = 2 ] || fail "check: status $status, wanted 2"
grep -q "^$work/verifier/policy.json: " "$work/said" || fail "check does not name the file: $(cat "$work/said")"
