#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# attestctl gate, seal and secrets, with the real worker and a software TPM, and with workers that
# do not do what they should: test-secrets.sh BUILD_DIRECTORY
. "$(dirname "$0")/../../integration/world.sh"
. "$(dirname "$0")/../../integration/expect.sh"
world_path "$BUILD"
lab_dir
W=$LAB_DIR
state=$W/state trust=$W/verifier/verifier-trust.json
world_chip
world_boot
world_verifier_init
mkdir -p "$W/run/lock" "$state"
world_config

gate() { ctl gate "$@" --state-directory="$state" --config="$W/attestd.conf"; }
secrets() { ctl secrets "$@" --config="$W/attestd.conf"; }
seal() { ctl seal "$@" --state-directory="$state" --runtime-directory="$W/run" --config="$W/attestd.conf"; }
seal_text() { # TEXT NAME [OPTION]...
    local text=$1
    shift
    printf %s "$text" | seal --worker="$RELEASE" "$@"
}

say "attestctl has neither TPM nor network code in it"
if ldd "$ATTESTCTL" | grep -E 'tss2|curl|ssl'; then fail "attestctl links what it should not"; fi

say "there is nothing at first, and that is no error"
expect_exit 0 gate list
expect_text "no gates"
expect_exit 0 secrets
expect_text "no secrets"
expect_equal "$(secrets list --json)" "[]" "the empty list"

say "a gate takes the verifier's release key, and nothing private"
expect_exit 0 gate add db --trust="$trust"
expect_text "systemctl reload attestd"
expect_equal "$(jq -c '[.attestd_gate, .name, .kind, (.verifier | length > 0), (.release_key | keys)]' "$state/gates/db.json")" \
    '[1,"db","verifier",true,["crv","kty","x","y"]]' "the gate file"
expect_equal "$(jq -r .release_key.x "$state/gates/db.json")" "$(jq -r .release_key.x "$trust")" "the release key"
expect_equal "$(stat -c %a "$state/gates" "$state/gates/db.json" | tr '\n' ' ')" "755 644 " "modes"
expect_exit 0 gate add db --trust="$trust"
expect_exit 2 gate add db --trust="$trust" --vtpm-root=svsm
expect_text "another gate"

say "what makes no gate is refused, each with a remedy"
while read -r name option text; do
    expect_exit 2 gate add "$name" "$option"
    expect_text "$text"
    expect_text "Remedy"
done <<T
Db --trust=$trust no name
../x --trust=$trust no name
web --vtpm-root=host whose gate
web --trust=$W/nothing cannot be read
web --trust=$W/policy.json cannot be read
web --trust=$W/verifier/policy.json no trust file
web --trust=$W/verifier/tls/server.pem no trust file
T
expect_exit 2 gate add web --trust="$trust" --vtpm-root=moon
jq 'del(.release_key)' "$trust" >"$W/t.json" && expect_exit 2 gate add web --trust="$W/t.json"
expect_text "opens no gates"
jq '.release_key.d = "AA"' "$trust" >"$W/t.json" && expect_exit 2 gate add web --trust="$W/t.json"
expect_exit 2 ctl gate add web --trust="$trust" --state-directory="$W/nowhere"
expect_text "no directory"
expect_exit 2 gate add
expect_exit 2 gate dance
expect_exit 2 gate list more
expect_equal "$(ls "$state/gates")" db.json "the gates there are"

say "the gate of a verifier that attestd does not ask is worth a warning"
jq '.verifier_id = "urn:other"' "$trust" >"$W/t.json" && expect_exit 0 gate add other --trust="$W/t.json" --vtpm-root=paravisor
expect_text "asks another verifier"
echo '{}' >"$state/gates/broken.json"
expect_equal "$(gate list --json | jq -c 'map([.name, .error // .vtpm_root])')" \
    '[["broken","another format"],["db",null],["other","paravisor"]]' "the list"
expect_exit 0 gate
expect_text "cannot be used"

say "which gate is to be said where there are several"
expect_exit 2 seal_text hunter2 db-password --accept-host-tpm
expect_text "several gates"
expect_exit 2 seal_text hunter2 db-password --gate=nosuch
expect_exit 2 seal_text hunter2 db-password --gate=../db
expect_exit 2 seal_text hunter2 db-password --gate=broken
expect_exit 0 gate remove broken
expect_exit 0 gate remove other
expect_exit 2 gate remove other
expect_text "there is no gate"

say "a vTPM of which nothing is known is the host's, and that takes a word"
expect_exit 2 seal_text hunter2 db-password --for=unit:db.service
expect_text "out of the host's reach"
expect_exit 0 seal_text hunter2 db-password --for=unit:db.service --accept-host-tpm
expect_text "version 1, to gate db"

say "a certified vTPM is believed by the CA that the gate names, and by no other"
lab_need tpm2_createek openssl
world_ca maker
world_ca nobody
expect_exit 2 gate add vtpm --trust="$trust" --vtpm-root=certificate
expect_text "who certified"
expect_exit 2 gate add vtpm --trust="$trust" --vtpm-ca="$W/maker.pem"
expect_text "--vtpm-root=certificate as well"
expect_exit 2 gate add vtpm --trust="$trust" --vtpm-root=certificate --vtpm-ca="$W/nothing"
expect_exit 2 gate add vtpm --trust="$trust" --vtpm-root=certificate --vtpm-ca="$W/maker.key"
expect_text "no certificates"
expect_exit 0 gate add vtpm --trust="$trust" --vtpm-root=certificate --vtpm-ca="$W/maker.pem"
expect_equal "$(jq -r .vtpm_ca_pem "$state/gates/vtpm.json")" "$(<"$W/maker.pem")" "the CA in the gate's file"
expect_exit 3 seal_text hunter2 certified --gate=vtpm --accept-host-tpm
expect_text "has no certificate"
for kind in rsa:0x01c00002 ecc:0x01c0000a; do
    tpm2_createek -T "$LAB_TCTI" -Q -G "${kind%:*}" -c "$W/ek.ctx" -f pem -u "$W/ek.pem" || fail "no EK"
    tpm2_flushcontext -T "$LAB_TCTI" -t
    world_certify nobody "$W/ek.pem" "$W/ek.der"
    world_nv "${kind#*:}" "$W/ek.der"
    expect_exit 3 seal_text hunter2 certified --gate=vtpm
    expect_text "does not lead to a CA of the gate"
    world_certify maker "$W/ek.pem" "$W/ek.der"
    world_nv "${kind#*:}" "$W/ek.der"
    expect_exit 0 seal_text hunter2 certified --gate=vtpm
    tpm2_nvundefine -T "$LAB_TCTI" -Q -C o "${kind#*:}"
done
expect_exit 0 secrets show certified
expect_text "vTPM root: certificate"

say "a paravisor's is proven by evidence; without attestd it takes a word of its own"
expect_exit 0 gate add para --trust="$trust" --vtpm-root=paravisor
expect_exit 1 seal_text hunter2 unchecked --gate=para --accept-host-tpm
expect_text "--accept-unchecked-vtpm"
expect_exit 0 seal_text hunter2 unchecked --gate=para --accept-unchecked-vtpm
for name in certified unchecked; do expect_exit 0 secrets remove "$name"; done
for name in vtpm para; do expect_exit 0 gate remove "$name"; done

say "sealed again, it has another version, and other askers"
expect_equal "$(seal_text hunter3 db-password --for=unit:db.service --for='unit:web@*.service' --accept-host-tpm --json | jq -c .)" \
    '{"name":"db-password","version":2,"gate":"db"}' "the answer as JSON"
expect_exit 0 seal_text x for-nobody --accept-host-tpm
expect_text "Nobody but root may ask"
expect_equal "$(stat -c %a "$state/secrets" "$state/secrets/db-password.secret" | tr '\n' ' ')" "700 600 " "modes"

say "the list and the header say so, and that nobody has authenticated it"
expect_exit 0 secrets
expect_text "version 2"
expect_text "unit:db.service, unit:web@*.service"
expect_text "nobody"
expect_text "authenticated"
expect_exit 0 secrets show db-password
for text in "vTPM root: host" "Gate: db" "Kind: verifier: the TPM" "Recovery: no" "On loss: keep" "AK: 000b" "authenticated"; do expect_text "$text"; done
expect_equal "$(secrets show db-password --json | jq -c '[.name, .version, .gate, .who, .authenticated]')" \
    '["db-password",2,"db",["unit:db.service","unit:web@*.service"],false]' "the header as JSON"

say "every byte is kept, and none shows"
head -c 524288 /dev/urandom >"$W/large"
expect_exit 0 seal large --worker="$RELEASE" --accept-host-tpm <"$W/large"
head -c 524289 /dev/zero >"$W/larger"
expect_exit 2 seal larger --worker="$RELEASE" --accept-host-tpm <"$W/larger"
expect_text "512 KiB"
if grep -rl hunter "$state" "$W"/*.log; then fail "the secret is readable"; fi

say "what cannot be a secret is refused before anything is asked"
expect_exit 2 seal_text "" empty --accept-host-tpm
expect_text "nothing to seal"
for name in ../x .x "a b" "" "$(printf 'a%.0s' {1..65})"; do
    expect_exit 2 seal_text x "$name" --accept-host-tpm
    expect_text "no name of a secret"
done
for who in db.service unit:db.socket unit:db@.service unit:*.service user: volume: volume:../y; do
    expect_exit 2 seal_text x y --for="$who" --accept-host-tpm
    expect_text "names nobody"
done
expect_exit 2 seal_text x
expect_exit 2 seal_text x y z
expect_exit 2 bash -c 'exec "$0" seal y --accept-host-tpm <&-' "$ATTESTCTL"
expect_text "standard input is closed"
expect_exit 2 script -qec "$ATTESTCTL seal y --accept-host-tpm" /dev/null </dev/null
expect_text "not typed here"
expect_exit 2 seal_text x y --config="$W/nothing.conf"
[ ! -e "$state/secrets/y.secret" ] || fail "something was sealed"

say "a worker that is not there, dies, lies or babbles is no success"
worker() { # SCRIPT
    printf '#!/bin/bash\n%s\n' "$1" >"$W/worker.new" && chmod +x "$W/worker.new" && mv "$W/worker.new" "$W/worker"
    printf x | seal y --worker="$W/worker" --accept-host-tpm
}
expect_exit 2 seal_text x y --accept-host-tpm --worker="$W/nothing"
expect_text "cannot be started"
expect_exit 1 worker 'exit 0'
expect_text "without an answer"
expect_exit 1 worker 'kill -KILL $$'
expect_exit 1 worker 'read -r _ <&3; echo "{}" >&3'
expect_exit 1 worker 'read -r _ <&3; head -c 70000 /dev/zero >&3'
expect_exit 1 worker 'read -r _ <&3; echo "{\"result\":\"ok\",\"findings\":[],\"timings_usec\":{}}" >&3'

say "the worker is given one descriptor, no secret in arguments or environment, and an empty stdin"
expect_exit 1 worker 'exec 2>/dev/null; { tr "\0" "\n" </proc/self/cmdline; env; ls -l /proc/$$/fd; wc -c; } >'"$W/seen"
grep -q 'LISTEN_FDS=1' "$W/seen" || fail "no LISTEN_FDS"
tail -n 1 "$W/seen" | grep -qx 0 || fail "the worker's standard input has something in it"
grep -c 'socket:' "$W/seen" | grep -qx 1 || fail "more than one socket is passed: $(cat "$W/seen")"

say "a secret that is removed gives the TPM its counter back"
indices() { tpm2_getcap -T "$LAB_TCTI" handles-nv-index | grep -ci '0x1800a'; }
remove() { secrets remove "$@" --runtime-directory="$W/run" --worker="$RELEASE"; }
for name in one two; do expect_exit 0 seal_text hunter2 $name --accept-host-tpm --rollback-counter; done
expect_equal "$(indices)" 2 "counters in the TPM"
expect_exit 0 remove one
expect_equal "$(indices)" 1 "counters in the TPM"
[ ! -e "$state/secrets/one.secret" ] || fail "the file is there"
expect_exit 0 seal_text hunter2 three --accept-host-tpm --rollback-counter
expect_equal "$(secrets show three --json | jq .counter.index)" $((0x01800a00)) "the index that was free"

say "a worker that cannot do it leaves the file there, and the index is told"
expect_exit 2 secrets remove three --runtime-directory="$W/run" --worker="$W/nothing"
expect_text "cannot be started"
expect_text "tpm2_nvundefine -C o 0x01800a00"
worker 'exit 0' >"$W/out" 2>&1
expect_exit 1 secrets remove three --runtime-directory="$W/run" --worker="$W/worker"
expect_text "without an answer"
[ -e "$state/secrets/three.secret" ] || fail "the file is gone"

say "so does a TPM whose owner has a password"
tpm2_changeauth -T "$LAB_TCTI" -c owner pass || fail "no password"
expect_exit 3 remove three
expect_text "authorisation"
expect_text "tpm2_nvundefine -C o 0x01800a00"
tpm2_changeauth -T "$LAB_TCTI" -c owner -p pass "" || fail "still a password"

say "a file that cannot be read keeps no counter from being given back"
echo nonsense >"$state/secrets/three.secret" && chmod 600 "$state/secrets/three.secret"
expect_exit 2 secrets remove three --runtime-directory="$W/run" --worker="$W/nothing"
expect_text "0x01800a00 to 0x01800afe"
expect_exit 0 remove three
expect_equal "$(indices)" 1 "counters in the TPM"

say "the TPM is away: the old version stays"
lab_swtpm_stop
expect_exit 3 seal_text hunter4 db-password --accept-host-tpm
expect_text "TPM"
expect_equal "$(secrets show db-password --json | jq .version)" 2 "the version"

say "and no counter is given back, which takes a word"
expect_exit 3 remove two
expect_text "TPM"
expect_text "tpm2_nvundefine -C o 0x01800a01"
expect_text "--force"
[ -e "$state/secrets/two.secret" ] || fail "the file is gone"
expect_exit 0 remove two --force
expect_text "warning"
expect_text "tpm2_nvundefine -C o 0x01800a01"
[ ! -e "$state/secrets/two.secret" ] || fail "the file is there"

say "files that are not what they should be are named so"
cp "$state/secrets/db-password.secret" "$W/copy"
cp -p "$state/secrets/db-password.secret" "$state/secrets/renamed.secret"
echo nonsense >"$state/secrets/torn.secret" && chmod 600 "$state/secrets/torn.secret"
cp "$W/copy" "$state/secrets/open.secret" && chmod 644 "$state/secrets/open.secret"
ln -s "$W/copy" "$state/secrets/link.secret"
expect_exit 0 secrets
expect_equal "$(secrets --json | jq -r 'map(select(.error) | .name) | join(" ")')" "link open renamed torn" "those that cannot be used"
for name in link open renamed torn; do expect_exit 3 secrets show "$name"; done
expect_exit 2 secrets show nosuch
expect_text "no secret of this name"
expect_exit 2 secrets show ../db-password

say "what is removed is gone, and a copy that comes back is no longer good"
expect_exit 0 secrets remove db-password
expect_exit 2 secrets show db-password
cp "$W/copy" "$state/secrets/db-password.secret" && chmod 600 "$state/secrets/db-password.secret"
expect_exit 3 secrets show db-password
expect_text "newest version"
expect_exit 2 secrets remove nosuch
