#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same files before tpm2-tools and before us: quotes of a software TPM and of the vectors, good
# and with a byte changed; registers that event logs lead to. test-tpm2-tools.sh CLIENT VECTORS
set -uo pipefail
client=$1 vectors=$2

for tool in tpm2_quote tpm2_checkquote tpm2_eventlog swtpm openssl; do
  command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
export TPM2TOOLS_TCTI=none TSS2_LOG=all+NONE
dir=$(mktemp -d)
swtpm_pid=
finish() {
  [ -z "$swtpm_pid" ] || { kill "$swtpm_pid" && wait "$swtpm_pid"; } 2>/dev/null
  rm -rf "$dir"
}
trap finish EXIT
n_same=0 NONCE=
die() { echo "FAILED: $*" >&2; exit 1; }

# The other judge: ATTEST SIGNATURE AK PCRS HASH.
checkquote() {
  tpm2_checkquote -m "$1" -s "$2" -u "$3" -f "$4" -g "$5" ${NONCE:+-q "$NONCE"}
}

# tpm2_checkquote of tpm2-tools 5.4 takes every RSA signature for PKCS #1 v1.5. So the signature is
# openssl's to judge, and the values, whose digest ends the attestation, are ours to add up.
openssl_pss() {
  local digest values
  tail -c +7 "$2" >"$dir/bare"
  openssl dgst "-$5" -verify "$3" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:auto \
    -signature "$dir/bare" "$1" || return 1
  values=$(python3 - "$4" "$5" <<'PY'
import hashlib, struct, sys
data = open(sys.argv[1], "rb").read()
out, at = b"", 4 + 16 * 8 + 4
for _ in range(struct.unpack_from("<I", data, at - 4)[0]):
    count = struct.unpack_from("<I", data, at)[0]
    for i in range(count):
        size = struct.unpack_from("<H", data, at + 4 + 66 * i)[0]
        out += data[at + 6 + 66 * i:][:size]
    at += 4 + 8 * 66
print(hashlib.new(sys.argv[2], out).hexdigest())
PY
  )
  digest=$(tail -c $((${#values} / 2)) "$1" | xxd -p -c 64)
  [ "$values" = "$digest" ]
}
JUDGE=checkquote

# same WHAT ATTEST SIGNATURE AK PCRS HASH: both say the same, and what WANTED says.
same() {
  local ours=no theirs=no
  "$client" quote "$2" "$3" "$4" "$5" 2>"$dir/ours" && ours=yes
  "$JUDGE" "$2" "$3" "$4" "$5" "$6" >"$dir/theirs" 2>&1 && theirs=yes
  if [ "$ours" != "$WANTED" ] || [ "$theirs" != "$WANTED" ]; then
    cat "$dir/ours" "$dir/theirs" >&2
    die "$1: ours $ours, $JUDGE $theirs, wanted $WANTED"
  fi
  n_same=$((n_same + 1))
}

# flip FILE OFFSET TO: a copy with one bit changed.
flip() {
  cp "$1" "$3"
  local byte
  byte=$(xxd -s "$2" -l 1 -p "$1")
  printf '%02x' $((16#$byte ^ 1)) | xxd -r -p | dd of="$3" bs=1 seek="$2" conv=notrunc status=none
}

# twins WHAT ATTEST SIGNATURE AK PCRS HASH: genuine, then with a bit of each part changed. The last
# byte of the values is padding in the file of tpm2-tools, so the first value is taken.
twins() {
  WANTED=yes same "$1" "$2" "$3" "$4" "$5" "$6"
  flip "$2" $(($(stat -c %s "$2") - 1)) "$dir/twin"
  WANTED=no same "$1, attestation changed" "$dir/twin" "$3" "$4" "$5" "$6"
  flip "$3" $(($(stat -c %s "$3") - 1)) "$dir/twin"
  WANTED=no same "$1, signature changed" "$2" "$dir/twin" "$4" "$5" "$6"
  flip "$5" 142 "$dir/twin"
  WANTED=no same "$1, value changed" "$2" "$3" "$4" "$dir/twin" "$6"
}

# --- quotes of a software TPM

tcti="swtpm:path=$dir/s"
swtpm socket --tpm2 --tpmstate "dir=$dir" --server "type=unixio,path=$dir/s" \
  --ctrl "type=unixio,path=$dir/s.ctrl" --flags not-need-init,startup-clear >"$dir/swtpm.log" 2>&1 &
swtpm_pid=$!
for _ in $(seq 200); do
  tpm2_getcap -T "$tcti" properties-fixed >/dev/null 2>&1 && break
  kill -0 "$swtpm_pid" 2>/dev/null || die "swtpm: $(cat "$dir/swtpm.log")"
  sleep 0.05
done
tpm() {
  local verb=$1
  shift
  "tpm2_$verb" -T "$tcti" "$@" >"$dir/tpm.log" 2>&1 || die "tpm2_$verb $*: $(cat "$dir/tpm.log")"
}
tpm pcrextend 7:sha1=0123456789012345678901234567890123456789,sha256=0123456789012345678901234567890123456789012345678901234567890123
tpm pcrextend 16:sha256=abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd

# quotes ALG SCHEME HASH: makes an AK, quotes in several ways, and has each judged.
quotes() {
  local name="$1-$2-$3" list
  tpm createek -c "$dir/ek.ctx" -G "${1%%[0-9]*}" -u "$dir/ek.pub"
  tpm createak -C "$dir/ek.ctx" -c "$dir/ak.ctx" -G "$1" -g "$3" -s "$2" -u "$dir/ak.pub" -f pem
  tpm flushcontext -t
  for list in sha256:7 sha256:0,1,2,3,4,5,6,7,8,16 sha1:7+sha256:0,7,16 sha384:0,23; do
    tpm quote -c "$dir/ak.ctx" --scheme "$2" -l "$list" -g "$3" -m "$dir/msg" -s "$dir/sig" -o "$dir/pcrs"
    tpm flushcontext -t
    twins "$name $list" "$dir/msg" "$dir/sig" "$dir/ak.pub" "$dir/pcrs" "$3"
  done
  tpm readpublic -c "$dir/ak.ctx" -o "$dir/ak.tss" -f tss
  tpm flushcontext -t
  "$client" quote "$dir/msg" "$dir/sig" "$dir/ak.tss" "$dir/pcrs" 2>"$dir/ours" ||
    die "$name by its public area: $(cat "$dir/ours")"
  tpm quote -c "$dir/ak.ctx" --scheme "$2" -l sha256:0,7 -g "$3" -m "$dir/msg" -s "$dir/sig" -f plain
  tpm flushcontext -t
  tpm2_pcrread -T "$tcti" sha256:0,7 >"$dir/pcrs.text"
  "$client" quote "$dir/msg" "$dir/sig" "$dir/ak.tss" "$dir/pcrs.text" 2>"$dir/ours" ||
    die "$name bare, with the text of tpm2_pcrread: $(cat "$dir/ours")"
}
quotes rsa rsassa sha256
JUDGE=openssl_pss
quotes rsa rsapss sha256
JUDGE=checkquote
quotes ecc256 ecdsa sha256
quotes ecc384 ecdsa sha384
echo "quotes of a software TPM: $n_same verdicts, all the same"

# --- quotes of the vectors

if [ ! -d "$vectors" ]; then
  echo "skipped the rest: no vectors at $vectors"
  exit 0
fi

# As tpm2_quote -o writes them, from the JSON of the vectors.
write_pcrs() {
  python3 - "$1" "$2" <<'PY'
import json, struct, sys
ids = {"sha1": 4, "sha256": 11, "sha384": 12, "sha512": 13}
banks = json.load(open(sys.argv[1]))
out, values = struct.pack("<I", len(banks)), []
for name, bank in banks.items():
    bank = dict(enumerate(bank)) if isinstance(bank, list) else {int(k): v for k, v in bank.items()}
    out += struct.pack("<HBIB", ids[name], 3, sum(1 << n for n in bank), 0)
    values += [bytes.fromhex(bank[n]) for n in sorted(bank)]
out = out.ljust(4 + 16 * 8, b"\0")
lists = [values[i:i + 8] for i in range(0, len(values), 8)]
out += struct.pack("<I", len(lists))
for part in lists:
    out += struct.pack("<I", len(part))
    for value in part + [b""] * (8 - len(part)):
        out += struct.pack("<H", len(value)) + value.ljust(64, b"\0")
open(sys.argv[2], "wb").write(out)
PY
}

# tpm2_checkquote wants the size in front of a public area, and TPMT_SIGNATURE around a signature.
vector_quote() { # DIRECTORY NAME PCRS AK HASH
  local at="$vectors/tpm-quote/$1"
  cp "$at/$2.msg" "$dir/msg"
  cp "$at/$2.sig" "$dir/sig"
  [ "$(stat -c %s "$dir/sig")" != 256 ] || { printf '\0\024\0\013\001\0'; cat "$at/$2.sig"; } >"$dir/sig"
  cp "$at/$3" "$dir/pcrs"
  case $3 in *.json) write_pcrs "$at/$3" "$dir/pcrs" ;; esac
  cp "$at/$4" "$dir/ak"
  case $4 in *.tpmt_public)
    { printf "\\x$(printf %02x $(($(stat -c %s "$at/$4") >> 8)))\\x$(printf %02x $(($(stat -c %s "$at/$4") & 255)))"
      cat "$at/$4"; } >"$dir/ak" ;;
  esac
  twins "$1 $2" "$dir/msg" "$dir/sig" "$dir/ak" "$dir/pcrs" "$5"
}
n_same=0
NONCE=db1db298db6d60e6385b7231743e9c3056a18003
vector_quote keylime-a quote pcrs.bin ak.pem sha256
vector_quote keylime-a quote pcrs.bin ak.tpm2b sha256
NONCE=$(cat "$vectors/tpm-quote/azure-trusted-launch-a/nonce.hex")
vector_quote azure-trusted-launch-a quote pcrs.bin ak.pem sha256
NONCE=$(printf challenge | xxd -p)
vector_quote azure-cvm-challenge quote pcrs.json ak.pem sha256
NONCE=
for bank in sha1 sha256 sha384; do
  vector_quote gce-cos-85-no-nonce "quote-$bank" "pcrs-$bank.json" ak.tpmt_public sha256
done
vector_quote windows-gcp-shielded quote pcrs.json ak.tpmt_public sha1
echo "quotes of the vectors: $n_same verdicts, all the same"

# --- logs

# What tpm2_eventlog of tpm2-tools 5.4 does otherwise. Where registers of the machine are known, they
# are as we say (tests/unit/verify/test-vectors-logs.c).
difference() { # NAME
  case $1 in
    eventlog/gdc-host | eventlog/glinux-alex) echo "does not start PCR 0 with StartupLocality" ;;
    eventlog/tss-hcrtm) echo "does not start PCR 0 with the locality of an H-CRTM" ;;
    eventlog/confidential-gke-debug-251000_eventlog | eventlog/eventlogwithsp800155)
      echo "extends EV_NO_ACTION events of SP 800-155" ;;
  esac
}

# What it does not read, though it is a log, or reads though bytes are left over.
unread() { # NAME
  case $1 in
    eventlog/intel-bios-12 | eventlog-edge/short-no-action)
      echo "takes the first EV_NO_ACTION of a SHA-1 log for a Spec ID event" ;;
    eventlog-edge/ccel-dupe-separator) echo "wants PCR 0 in an EV_NO_ACTION" ;;
    eventlog-edge/specid-vendordata) echo "passes over four bytes behind the last event" ;;
  esac
}

compare_log() { # NAME LOG
  local theirs ours=0 reason
  { tpm2_eventlog "$2" >"$dir/theirs"; } 2>/dev/null
  theirs=$?
  "$client" log "$2" >"$dir/ours" 2>/dev/null || ours=1
  if [ $theirs -ge 128 ]; then
    echo "  $1: not compared, tpm2_eventlog crashes (signal $((theirs - 128)))"
    return
  fi
  reason=$(unread "$1")
  if [ -n "$reason" ]; then
    echo "  $1: not compared, tpm2_eventlog $reason"
    return
  fi
  [ $((theirs != 0)) = $ours ] || die "$1: ours $ours, tpm2_eventlog $theirs"
  sed -n '/^pcrs:/,$p' "$dir/theirs" |
    awk '/^  [a-z0-9_]+:/ { bank = $1; sub(":", "", bank) }
         / : 0x/ { sub("0x", "", $3); print bank, $1, $3 }' |
    grep -v '^sm3_256' | sort >"$dir/theirs.pcrs"
  sort "$dir/ours" >"$dir/ours.pcrs"
  reason=$(difference "$1")
  if [ -n "$reason" ]; then
    echo "  $1: compared but for PCR 0, since tpm2_eventlog $reason"
    sed -i '/^[a-z0-9]* 0 /d' "$dir/ours.pcrs" "$dir/theirs.pcrs"
  fi
  diff "$dir/theirs.pcrs" "$dir/ours.pcrs" >&2 || die "$1: other registers than tpm2_eventlog says"
  n_same=$((n_same + $(wc -l <"$dir/ours.pcrs")))
}

n_same=0
for log in "$vectors"/eventlog/*/log.bin "$vectors"/eventlog-edge/*/log.bin; do
  name=${log#"$vectors/"}
  compare_log "${name%/log.bin}" "$log"
done
echo "event logs: $n_same registers, all the same"
