#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# attestctl gate: the kinds, what goes with which, and what the list says. Needs neither TPM nor
# verifier: test-gates.sh BUILD_DIRECTORY
. "$(dirname "$0")/../../integration/expect.sh"
command -v jq openssl >/dev/null || { echo "skipped: no jq or openssl here" && exit 77; }
CTL=$BUILD/src/ctl/attestctl
W=$(mktemp -d /tmp/test-gates.XXXXXX)
trap 'rm -rf "$W"' EXIT
cd "$W" || exit 1
mkdir state
gate() { "$CTL" gate "$@" --state-directory="$W/state" --config="$W/nothing.conf"; }
file() { jq -c "$1" "state/gates/$2.json"; }

b64u() { xxd -r -p | basenc --base64url -w0 | tr -d =; }
# jwk PEM: the members of its public key
jwk() {
    local point
    point=$(openssl pkey -in "$1" -pubout -outform DER | tail -c 64 | xxd -p -c 64)
    printf '{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}' "$(printf %s "${point:0:64}" | b64u)" "$(printf %s "${point:64}" | b64u)"
}
for name in release next rewrap; do openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $name.key 2>/dev/null; done
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out recovery.key 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out p521.key 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
for key in *.key; do openssl pkey -in "$key" -pubout -out "${key%.key}.pem"; done
jq -n --argjson release "$(jwk release.key)" --argjson rewrap "$(jwk rewrap.key)" \
    '{attestd_trust: 1, verifier_id: "urn:lab", release_key: $release, rewrap_key: ($rewrap + {kid: "rewrap-1"})}' >trust.json

say "a verifier's gate takes the release key, and what is asked for besides"
expect_exit 0 gate add plain --trust=trust.json
expect_text "urn:lab"
expect_equal "$(file '[.kind, .verifier, .ticket, .cap_pcr, .next_release_key, .recovery_key]' plain)" '["verifier","urn:lab",null,null,null,null]' "the gate"
expect_exit 0 gate add once --kind=verifier --trust=trust.json --no-ticket --cap-pcr --next-release-key=next.pem --recovery-key=recovery.pem
expect_equal "$(file '[.ticket, .cap_pcr, .next_release_key, .recovery_key.crv]' once)" "[false,13,$(jwk next.key | jq -c .),\"P-384\"]" "the gate"
expect_exit 0 gate add low --trust=trust.json --cap-pcr=8
expect_equal "$(file .cap_pcr low)" 8 "the PCR"

say "a rewrap gate takes the rewrap key, and what secrets are bound to"
expect_exit 0 gate add vault --kind=rewrap --trust=trust.json --bind=chip-id --bind=ak-name --recovery-key=release.pem
expect_equal "$(file '[.kind, .verifier, .rewrap_key.kid, (.bind | sort), .release_key, .recovery_key.crv]' vault)" \
    '["rewrap","urn:lab","rewrap-1",["ak-name","chip-id"],null,"P-256"]' "the gate"
expect_exit 0 gate add fleet --kind=rewrap --trust=trust.json --bind=fleet
expect_equal "$(file .bind fleet)" '["fleet"]' "the binding"

say "a key-release gate takes a vault's key by its public half, and whose token releases it"
VAULT=https://lab.vault.azure.net/keys/disk
MAA=https://lab.weu.attest.azure.net
expect_exit 0 gate add cloud --kind=key-release --key-url=$VAULT/0123 --key=rsa.pem --verifier=$MAA --recovery-key=recovery.pem
expect_text "of verifier $MAA"
expect_text "release policy"
expect_text "not which kernel"
expect_equal "$(file '[.kind, .verifier, .key_url, .key.kty, (.key | keys), .resource, .client_id, .api_version, .vault_ca_pem]' cloud)" \
    "[\"key-release\",\"$MAA\",\"$VAULT/0123\",\"RSA\",[\"e\",\"kty\",\"n\"],null,null,null,null]" "the gate"
jwk release.key | jq '{attributes: {exportable: true}, key: (. + {kty: "EC-HSM", kid: "k", key_ops: []})}' >shown.json
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=vaults -days 1 2>/dev/null
expect_exit 0 gate add own --kind=key-release --key-url=https://localhost:8443/keys/k --key=shown.json --trust=trust.json \
    --resource=https://vault.example --client-id=11111111-2222-3333-4444-555555555555 --vault-ca=ca.pem --api-version=7.5
expect_equal "$(file '[.verifier, .key, .resource, .client_id, .api_version]' own)" \
    "[\"urn:lab\",$(jwk release.key | jq -c .),\"https://vault.example\",\"11111111-2222-3333-4444-555555555555\",\"7.5\"]" "the gate"
expect_equal "$(jq -r .vault_ca_pem state/gates/own.json)" "$(<ca.pem)" "who certified it"
cat >maa.conf <<C
[Verifier azure]
Protocol=maa
AttestationType=AzureGuest
URL=$MAA
C
"$CTL" gate add asked --kind=key-release --key-url=$VAULT --key=recovery.pem --state-directory="$W/state" --config="$W/maa.conf" \
    >out 2>&1 || fail "not added: $(<out)"
grep -q warning out && fail "a warning: $(<out)"
expect_equal "$(file '[.verifier, .key.crv]' asked)" "[\"$MAA\",\"P-384\"]" "the gate"
sed -i /AttestationType/d maa.conf
"$CTL" gate add asked --kind=key-release --key-url=$VAULT --key=recovery.pem --state-directory="$W/state" --config="$W/maa.conf" >out 2>&1
grep -q "AttestationType=AzureGuest" out || fail "no word of the token that a vault wants: $(<out)"
expect_exit 0 gate remove asked
expect_exit 0 gate list
for text in "key-release: the vault releases" "$VAULT/0123" "the machine's only one" "one of the system's" "https://vault.azure.net" \
    "that of the gate's file" "7.5" "11111111-2222"; do expect_text "$text"; done
expect_equal "$(gate list --json | jq -c 'map(select(.name == "cloud"))[0] | [.key_url, (.key | length), .resource, .api_version, .vault_ca]')" \
    "[\"$VAULT/0123\",43,\"https://vault.azure.net\",\"7.4\",false]" "what the list says of one"

say "the vault's key of now takes the place of the last one, and nothing else"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out rsa3.key 2>/dev/null
openssl pkey -in rsa3.key -pubout -out rsa3.pem
before=$(file 'del(.key, .key_url)' cloud)
expect_exit 0 gate update cloud --key=rsa3.pem --key-url=$VAULT/4567
expect_text "while attestd still has"
expect_equal "$(file '[.key_url, (.key.n | length)]' cloud)" "[\"$VAULT/4567\",512]" "the key"
expect_equal "$(file 'del(.key, .key_url)' cloud)" "$before" "the rest"
expect_exit 0 gate update cloud --key=rsa3.pem
expect_text "already"
expect_exit 0 gate update cloud --key-url=$VAULT/89ab
expect_equal "$(file '[.key_url, (.key.n | length)]' cloud)" "[\"$VAULT/89ab\",512]" "the key"
while read -r text options; do
    # shellcheck disable=SC2086
    expect_exit 2 gate update $options
    expect_text "${text//_/ }"
    expect_text "Remedy"
done <<T
which_key cloud
another_one cloud --key=rsa.pem --key-url=https://other.vault.azure.net/keys/disk
another_one cloud --key=rsa.pem --key-url=https://lab.vault.azure.net/keys/other
no_URL cloud --key=rsa.pem --key-url=disk
does_not_go cloud --trust=trust.json
does_not_go cloud --key=rsa.pem --next-release-key=next.pem
does_not_go plain --key=rsa.pem
which_keys plain
T
for name in cloud own; do expect_exit 0 gate remove $name; done

say "a pcr gate takes PCRs and no verifier, and says what they leave out"
expect_exit 0 gate add local --kind=pcr --pcrs=4,7,9
expect_equal "$(file '[.kind, .pcr_bank, .pcrs, .verifier]' local)" '["pcr","sha256",[4,7,9],null]' "the gate"
expect_text "the firmware"
expect_text "the root file system"
expect_no_text "Secure Boot"
expect_text "the weakest"

say "the list has kind, worth and keys of each, and tells releases by their TPM Names"
expect_exit 0 gate list
for text in "verifier: the TPM opens it" "rewrap: the verifier opens it" "pcr: the weakest" "rewrap-1" "ak-name, chip-id" "4, 7, 9" \
    "PCR 13 is extended" "none is kept" "000b" "none: what is sealed"; do expect_text "$text"; done
expect_equal "$(gate list --json | jq -c 'map([.name, .kind, has("worth"), .recovery_key != null])')" \
    '[["fleet","rewrap",true,false],["local","pcr",true,false],["low","verifier",true,false],["once","verifier",true,true],["plain","verifier",true,false],["vault","rewrap",true,true]]' "the list"
expect_equal "$(gate list --json | jq -c '.[3] | [.ticket, .cap_pcr, (.release_key_name | length), (.next_release_key_name | length)]')" '[false,13,68,68]' "what the list says of one"

say "an option of another kind is refused by name, and so is a missing one"
echo '{"key": {"kty": "oct-HSM", "kid": "k"}}' >oct.json
jq -n '{kty: "RSA", n: ("+" * 344), e: "AQAB"}' >base64.json
jwk release.key | jq '.x = .y' >off.json
while read -r text options; do
    # shellcheck disable=SC2086
    expect_exit 2 gate add web $options
    expect_text "${text//_/ }"
    expect_text "Remedy"
done <<'T'
--pcrs_does_not_go --trust=trust.json --pcrs=4
--bind_does_not_go --trust=trust.json --bind=ak-name
--bind_does_not_go --kind=pcr --pcrs=4 --bind=ak-name
--trust_does_not_go --kind=pcr --pcrs=4 --trust=trust.json
--no-ticket_does_not_go --kind=pcr --pcrs=4 --no-ticket
--cap-pcr_does_not_go --kind=pcr --pcrs=4 --cap-pcr
--no-ticket_does_not_go --kind=rewrap --trust=trust.json --bind=fleet --no-ticket
--cap-pcr_does_not_go --kind=rewrap --trust=trust.json --bind=fleet --cap-pcr=9
--next-release-key_does_not_go --kind=rewrap --trust=trust.json --bind=fleet --next-release-key=next.pem
--next-release-key_does_not_go --kind=pcr --pcrs=4 --next-release-key=next.pem
--pcrs_does_not_go --kind=rewrap --trust=trust.json --bind=fleet --pcrs=4
whose_gate --kind=verifier
whose_gate --kind=rewrap --bind=fleet
bound_to --kind=rewrap --trust=trust.json
which_PCRs --kind=pcr
which_key --kind=key-release --verifier=https://maa
which_key --kind=key-release --verifier=https://maa --key=rsa.pem
which_key --kind=key-release --verifier=https://maa --key-url=https://v.vault.azure.net/keys/k
no_URL --kind=key-release --verifier=https://maa --key=rsa.pem --key-url=http://v.vault.azure.net/keys/k
tokens_for_localhost --kind=key-release --verifier=https://maa --key=rsa.pem --key-url=https://localhost/keys/k
no_resource --kind=key-release --verifier=https://maa --key=rsa.pem --key-url=https://localhost/keys/k --resource=vault
no_client_id --kind=key-release --verifier=https://maa --key=rsa.pem --key-url=https://v.vault.azure.net/keys/k --client-id=me
no_version --kind=key-release --verifier=https://maa --key=rsa.pem --key-url=https://v.vault.azure.net/keys/k --api-version=7&4
no_certificates --kind=key-release --verifier=https://maa --key=rsa.pem --key-url=https://v.vault.azure.net/keys/k --vault-ca=trust.json
no_Microsoft --kind=key-release --key=rsa.pem --key-url=https://v.vault.azure.net/keys/k
private_key --kind=key-release --verifier=https://maa --key=rsa.key --key-url=https://v.vault.azure.net/keys/k
of_type_P-521 --kind=key-release --verifier=https://maa --key=p521.pem --key-url=https://v.vault.azure.net/keys/k
symmetric_key --kind=key-release --verifier=https://maa --key=oct.json --key-url=https://v.vault.azure.net/keys/k
no_usable_key --kind=key-release --verifier=https://maa --key=base64.json --key-url=https://v.vault.azure.net/keys/k
point_of_its_curve --kind=key-release --verifier=https://maa --key=off.json --key-url=https://v.vault.azure.net/keys/k
cannot_be_read --kind=key-release --verifier=https://maa --key=nothing.pem --key-url=https://v.vault.azure.net/keys/k
bind_does_not_go --kind=key-release --verifier=https://maa --key=rsa.pem --key-url=https://v.vault.azure.net/keys/k --bind=fleet
pcrs_does_not_go --kind=key-release --verifier=https://maa --key=rsa.pem --key-url=https://v.vault.azure.net/keys/k --pcrs=4
cap-pcr_does_not_go --kind=key-release --verifier=https://maa --key=rsa.pem --key-url=https://v.vault.azure.net/keys/k --cap-pcr
key-url_does_not_go --trust=trust.json --key-url=https://v.vault.azure.net/keys/k
key_does_not_go --trust=trust.json --key=rsa.pem
resource_does_not_go --kind=pcr --pcrs=4 --resource=https://vault.azure.net
verifier_does_not_go --trust=trust.json --verifier=https://maa
client-id_does_not_go --trust=trust.json --client-id=11111111-2222-3333-4444-555555555555
vault-ca_does_not_go --trust=trust.json --vault-ca=ca.pem
api-version_does_not_go --trust=trust.json --api-version=7.4
no_kind --kind=tpm --trust=trust.json
no_kind --kind= --trust=trust.json
to_bind --kind=rewrap --trust=trust.json --bind=name
whole_fleet --kind=rewrap --trust=trust.json --bind=fleet --bind=ak-name
no_list --kind=pcr --pcrs=
no_list --kind=pcr --pcrs=4,
no_list --kind=pcr --pcrs=,4
no_list --kind=pcr --pcrs=4,4
no_list --kind=pcr --pcrs=16
no_list --kind=pcr --pcrs=4;7
no_list --kind=pcr --pcrs=4294967300
no_list --kind=pcr --pcrs=-4
refusal_may --trust=trust.json --cap-pcr=7
refusal_may --trust=trust.json --cap-pcr=16
refusal_may --trust=trust.json --cap-pcr=13x
private_key --trust=trust.json --recovery-key=recovery.key
of_type_P-521 --trust=trust.json --recovery-key=p521.pem
of_type_RSA --trust=trust.json --recovery-key=rsa.pem
no_public_key --trust=trust.json --recovery-key=trust.json
cannot_be_read --trust=trust.json --recovery-key=nothing.pem
private_key --trust=trust.json --next-release-key=next.key
of_type_P-384 --trust=trust.json --next-release-key=recovery.pem
is_the_present --trust=trust.json --next-release-key=release.pem
T
jq 'del(.rewrap_key)' trust.json >t.json
expect_exit 2 gate add web --kind=rewrap --bind=fleet --trust=t.json
expect_text "no rewrap key"
jq 'del(.rewrap_key.kid)' trust.json >t.json
expect_exit 2 gate add web --kind=rewrap --bind=fleet --trust=t.json
jq '.rewrap_key.d = "AA"' trust.json >t.json
expect_exit 2 gate add web --kind=rewrap --bind=fleet --trust=t.json
jq 'del(.release_key)' trust.json >t.json
expect_exit 2 gate add web --trust=t.json
expect_text "no release key"
[ ! -e state/gates/web.json ] || fail "a gate was added"

say "a gate is not quietly another: not its kind, its keys or its binding"
for options in "--kind=pcr --pcrs=4" "--trust=trust.json --no-ticket" "--trust=trust.json --recovery-key=recovery.pem"; do
    # shellcheck disable=SC2086
    expect_exit 2 gate add plain $options
    expect_text "another gate"
done
expect_exit 0 gate add plain --trust=trust.json
expect_exit 0 gate remove vault
expect_exit 0 gate add vault --kind=rewrap --trust=trust.json --bind=vm-id

say "the key that follows is the trust file's, unless another is given"
jq --argjson next "$(jwk next.key)" '.next_release_key = ($next + {kid: "n", use: "sig", alg: "ES256"})' trust.json >both.json
expect_exit 0 gate add both --trust=both.json
expect_equal "$(file .next_release_key both)" "$(jwk next.key | jq -c .)" "the key that follows"
expect_exit 0 gate add own --trust=both.json --next-release-key=rewrap.pem
expect_equal "$(file .next_release_key own)" "$(jwk rewrap.key | jq -c .)" "the key that follows"
expect_exit 0 gate add bound --kind=rewrap --bind=fleet --trust=both.json
jq '.next_release_key = {}' trust.json >t.json
expect_exit 2 gate add web --trust=t.json
expect_text "is no key"
jq '.next_release_key = .release_key' trust.json >t.json
expect_exit 2 gate add web --trust=t.json
expect_text "is the present"

say "an update gives a gate its verifier's keys of now, and leaves the rest"
others() { file 'del(.release_key, .next_release_key, .rewrap_key)' "$1"; }
before=$(others once)
expect_exit 0 gate update once --trust=trust.json
expect_text "reseal --all"
expect_text "systemctl reload attestd"
expect_equal "$(file .next_release_key once)" null "the key that follows"
expect_exit 0 gate update once --trust=both.json
expect_equal "$(file .next_release_key once)" "$(jwk next.key | jq -c .)" "the key that follows"
expect_no_text warning
jq --argjson next "$(jwk next.key)" '.release_key = $next' trust.json >after.json
expect_exit 0 gate update once --trust=after.json
expect_equal "$(file '[.release_key, .next_release_key]' once)" "[$(jwk next.key | jq -c .),null]" "the keys"
expect_no_text warning
expect_equal "$(others once)" "$before" "the rest"
expect_equal "$(stat -c %a state/gates/once.json)" 644 "the mode"
jq '.rewrap_key.kid = "rewrap-2"' trust.json >t.json
expect_exit 0 gate update vault --trust=t.json
expect_equal "$(file '[.rewrap_key.kid, .bind]' vault)" '["rewrap-2",["vm-id"]]' "the gate"
expect_no_text warning

say "twice is once"
expect_exit 0 gate update vault --trust=t.json
expect_text "already"
expect_exit 0 gate update once --trust=after.json
expect_text "already"

say "keys that come without notice open nothing that is sealed, which is said"
jq --argjson strange "$(jwk rewrap.key)" '.release_key = $strange' trust.json >t.json
expect_exit 0 gate update once --trust=t.json
expect_text "knew none of these release keys"
expect_text "Remedy"
expect_exit 0 gate update both --trust=trust.json --next-release-key=rewrap.pem
expect_equal "$(file .next_release_key both)" "$(jwk rewrap.key | jq -c .)" "the key that follows"

say "what is no update is refused, and changes nothing"
jq '.verifier_id = "urn:other"' trust.json >t.json
cp state/gates/plain.json before.json
while read -r text arguments; do
    # shellcheck disable=SC2086
    expect_exit 2 gate update $arguments
    expect_text "${text//_/ }"
    expect_text "Remedy"
done <<'T'
of_verifier_urn:lab plain --trust=t.json
no_key_of_a_verifier local --trust=trust.json
does_not_go vault --trust=trust.json --next-release-key=next.pem
there_is_no_gate nosuch --trust=trust.json
no_name_of_a_gate ../x --trust=trust.json
cannot_be_read plain --trust=nothing
no_trust_file plain --trust=before.json
is_the_present plain --trust=trust.json --next-release-key=release.pem
private_key plain --trust=trust.json --next-release-key=next.key
T
expect_exit 2 gate update plain
jq 'del(.release_key)' trust.json >t.json
expect_exit 2 gate update plain --trust=t.json
expect_text "no release key"
expect_equal "$(<state/gates/plain.json)" "$(<before.json)" "the gate"

say "what is no plain file is no gate, keeps nobody waiting, and is not written through"
gate() { timeout 30 "$CTL" gate "$@" --state-directory="$W/state" --config="$W/nothing.conf"; }
mkfifo state/gates/pipe.json
mv state/gates/plain.json elsewhere.json
ln -s "$W/elsewhere.json" state/gates/plain.json
for name in pipe plain; do
    expect_exit 2 gate update $name --trust=both.json
    expect_text "none that attestctl wrote"
    expect_exit 2 gate add $name --trust=both.json
done
expect_exit 0 gate list
expect_text "cannot be used"
expect_equal "$(<elsewhere.json)" "$(<before.json)" "what the link leads to"
expect_exit 0 gate remove pipe
expect_exit 0 gate remove plain
expect_equal "$(<elsewhere.json)" "$(<before.json)" "what the link leads to"

say "a directory of gates that is a link is not followed"
mv state/gates elsewhere
ln -s "$W/elsewhere" state/gates
before=$(ls -A elsewhere)
expect_exit 1 gate add new --trust=trust.json
expect_text "Not a directory"
expect_exit 1 gate remove once
expect_exit 1 gate list
expect_equal "$(ls -A elsewhere)" "$before" "where the link leads"
rm state/gates
(umask 077 && expect_exit 0 gate add new --trust=trust.json) || exit 1
expect_equal "$(stat -c %a state/gates state/gates/new.json | tr '\n' ' ')" "755 644 " "modes"
expect_equal "$(ls -A state/gates)" new.json "what is there"
