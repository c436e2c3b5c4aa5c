#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# attestctl volume and secrets file on the files of a root directory, what systemd's own generators
# make of them, and LUKS2 headers of cryptsetup's making: test-volume.sh BUILD_DIRECTORY
. "$(dirname "$0")/../../integration/world.sh"
. "$(dirname "$0")/../../integration/expect.sh"
world_path "$BUILD"
lab_dir
W=$LAB_DIR
root=$W/root
generators=/usr/lib/systemd/system-generators
volume() { ctl volume "$@" --root="$root"; }
tree() { (cd "$root" && find . -type f -exec stat -c '%n %a %U %G %s' {} + -exec sha256sum {} + | sort); }
fresh() { # a machine with lines of an administrator, who forgot a line feed
    rm -rf "$root"
    mkdir -p "$root/etc/systemd/system"
    printf '# a comment\nroot  /dev/vda2  none  luks' >"$root/etc/crypttab"
    printf '/dev/vda1  /boot  vfat  defaults  0 2\n' >"$root/etc/fstab"
    chmod 640 "$root/etc/crypttab"
}

say "what is added is the recipe, and adding it again changes nothing"
fresh
before=$(tree)
expect_exit 0 volume add my-data --device=UUID=ab-c --mount=/srv/data --options=nodev
expect_text "opens and is mounted at /srv/data"
expect_text "attestctl seal my-data --for=volume:my-data"
expect_equal "$(tail -n 1 "$root/etc/crypttab")" \
    "my-data  UUID=ab-c  /run/attestd/secrets.sock  luks,noauto,headless=true,header=/run/attestd-headers/my-data" "the line of crypttab"
expect_equal "$(stat -c %a "$root/etc/crypttab")" 640 "the mode of crypttab"
binding=$root'/etc/systemd/system/systemd-cryptsetup@my\x2ddata.service.d/50-attested.conf'
grep -qx 'BindsTo=attested.target' "$binding" && grep -qx 'After=attested.target' "$binding" || fail "the volume is not bound"
after=$(tree)
expect_exit 0 volume add my-data --device=UUID=ab-c --mount=/srv/data --options=nodev
expect_equal "$(tree)" "$after" "the files after adding it twice"

say "systemd's generators read it so"
if [ -x "$generators/systemd-cryptsetup-generator" ]; then
    mkdir "$W/units"
    SYSTEMD_CRYPTTAB=$root/etc/crypttab SYSTEMD_PROC_CMDLINE="" "$generators/systemd-cryptsetup-generator" "$W/units" "$W/units" "$W/units" ||
        fail "the generator of crypttab fails"
    SYSTEMD_FSTAB=$root/etc/fstab SYSTEMD_PROC_CMDLINE="" "$generators/systemd-fstab-generator" "$W/units" "$W/units" "$W/units" ||
        fail "the generator of fstab fails"
    unit=$W'/units/systemd-cryptsetup@my\x2ddata.service'
    grep -qF "'my-data' '/dev/disk/by-uuid/ab-c' '/run/attestd/secrets.sock'" "$unit" || fail "the volume is opened otherwise: $(cat "$unit")"
    if compgen -G "$W/units/cryptsetup.target.*/*my*" >/dev/null; then fail "the boot waits for the volume"; fi
    grep -qxF 'Requires=attested.target systemd-cryptsetup@my\x2ddata.service' "$W/units/srv-data.mount" || fail "the mount requires otherwise"
    [ -e "$W/units/attested.target.wants/srv-data.mount" ] || fail "attested.target does not want the mount"
fi

say "a root that is not there, and a volume without a device, are wrong usage"
expect_exit 2 ctl volume list --root="$W/nowhere"
expect_text "--root=$W/nowhere cannot be opened"
expect_exit 2 ctl secrets file add x --root="$W/nowhere"
expect_exit 2 volume add other
expect_text 'volume add needs --device'
expect_text 'see "attestctl volume --help"'

say "with other options it is another; nothing of the first is left"
expect_exit 0 volume add my-data --device=/dev/vdb --header=unchecked
expect_text "warning: whoever can write this disk can switch its encryption off"
if grep -q my-data "$root/etc/fstab"; then fail "the mount is still in fstab"; fi
grep -qxF 'Wants=systemd-cryptsetup@my\x2ddata.service' "$root/etc/systemd/system/attested.target.d/50-volume-my-data.conf" || fail "nobody wants it"
[ ! -e "$root/etc/systemd/system/attestd-luks-header@my-data.service.d" ] || fail "a header is still checked"
expect_exit 0 volume add more --device=/dev/vdc --header=detached:/etc/more.header
expect_exit 0 volume list
expect_text "my-data"
expect_text "header detached"
expect_equal "$(volume list --json 2>/dev/null | jq -r '.[] | [.name, .header, .ours, (.findings | length)] | join(" ")' | tr '\n' ',')" \
    "my-data unchecked true 1,more detached true 0," "the list"

say "removing undoes it, to the byte"
expect_exit 0 volume remove more
expect_exit 0 volume remove my-data
expect_equal "$(tree)" "$before" "the files after removing"
expect_exit 0 volume remove my-data
expect_equal "$(tree)" "$before" "the files after removing nothing"
rm "$root"/etc/{crypttab,fstab}
expect_exit 0 volume add data --device=/dev/vdb --mount=/srv
expect_exit 0 volume remove data
expect_equal "$(tree)" "" "the files of a machine that had none"

say "what is somebody else's is not touched"
fresh
printf '\ndata /dev/vdb none luks\n' >>"$root/etc/crypttab"
before=$(tree)
expect_exit 2 volume add data --device=/dev/vdb
expect_text "etc/crypttab line 3"
expect_exit 2 volume remove data
expect_exit 2 volume add boot --device=/dev/vdb --mount=/boot
expect_text "etc/fstab line 1"
mkdir -p "$root/etc/systemd/system/systemd-cryptsetup@other.service.d"
echo '[Unit]' >"$root/etc/systemd/system/systemd-cryptsetup@other.service.d/50-attested.conf"
expect_exit 2 volume add other --device=/dev/vdb
rm -r "$root/etc/systemd/system/systemd-cryptsetup@other.service.d"
mv "$root/etc/fstab" "$root/etc/fstab.real" && ln -s fstab.real "$root/etc/fstab"
expect_exit 1 volume add mine --device=/dev/vdb
rm "$root/etc/fstab" && mv "$root/etc/fstab.real" "$root/etc/fstab"
expect_equal "$(tree)" "$before" "the files"
for bad in "a/b --device=/dev/vdb" "a" "a --device=vdb" "a --device=/dev/vdb --mount=srv" "a --device=/dev/vdb --header=none" \
    "a --device=/dev/vdb --fstype=xfs" "a --device=/dev/vdb --mount=/a%b"; do
    # shellcheck disable=SC2086
    expect_exit 2 volume add $bad
done

say "a line by hand that stops the boot, or asks, or stays open, is named"
fresh
{
    echo
    echo "late  /dev/vdb  /run/attestd/secrets.sock  luks,headless=true"
    echo "asks  /dev/vdb  /run/attestd/secrets.sock  luks,nofail"
} >>"$root/etc/crypttab"
expect_exit 0 volume list
expect_text "warning: the boot waits for this volume, and attestd waits for the boot (late, crypttab line 3)"
expect_text "asks a person, for ever (asks, crypttab line 4)"
expect_text "not closed when the verdict is lost"
expect_exit 2 volume check late
expect_text "noauto"
expect_exit 2 volume check late --json
expect_equal "$(jq -r '[.name, .ok, (.header == null), (.findings | map(.name) | join("+"))] | join(" ")' <<<"$OUT")" \
    "late false true volume-boot-waits+volume-stays-open+volume-header-unchecked" "the volume of another root, as JSON"
expect_exit 2 volume check root
expect_text "no volume of this name"

say "a secret as a file: its unit, its drop-ins, and nothing when it is removed"
file() { ctl secrets file "$@"; }
fresh
before=$(tree)
expect_exit 0 file add api-key --owner=www-data --group=ssl --mode=0440 --path=/run/web/key --root="$root"
expect_text "for=unit:attestd-file@api-key.service"
drop_in=$root/etc/systemd/system/attestd-file@api-key.service.d/50-attested.conf
grep -q -- 'place %i --path=/run/web/key --owner=www-data --group=ssl --mode=0440$' "$drop_in" || fail "the drop-in: $(cat "$drop_in")"
grep -qx 'ReadWritePaths=/run/web' "$drop_in" || fail "the sandbox is not opened: $(cat "$drop_in")"
grep -qx 'Wants=attestd-file@api-key.service' "$root/etc/systemd/system/attested.target.d/50-file-api-key.conf" || fail "nobody wants it"
after=$(tree)
expect_exit 0 file add api-key --owner=www-data --group=ssl --mode=0440 --path=/run/web/key --root="$root"
expect_equal "$(tree)" "$after" "the files after adding it twice"
expect_exit 0 file remove api-key --root="$root"
expect_equal "$(tree)" "$before" "the files after removing"
for bad in "a/b" "a --mode=0444" "a --path=run/x" "a --owner=a:b" "a --group=-x"; do
    # shellcheck disable=SC2086
    expect_exit 2 file add $bad --root="$root"
done
expect_exit 2 file
expect_exit 3 env -u CREDENTIALS_DIRECTORY "$ATTESTCTL" secrets file place api-key --path=/dev/shm/nothing
if [ "$(stat -f -c %T /dev/shm)" = tmpfs ]; then
    say "placed from a credential, with its mode, and cleared"
    mkdir "$W/credentials"
    printf hunter2 >"$W/credentials/api-key"
    placed=$(mktemp -d /dev/shm/test-volume.XXXXXX)
    expect_exit 0 env CREDENTIALS_DIRECTORY="$W/credentials" "$ATTESTCTL" secrets file place api-key --path="$placed/key" --owner="$(id -u)" --mode=0600
    expect_equal "$(cat "$placed/key") $(stat -c %a "$placed/key")" "hunter2 600" "the file"
    expect_exit 2 env CREDENTIALS_DIRECTORY="$W/credentials" "$ATTESTCTL" secrets file place api-key --path="$placed/key" --owner=no-such-user
    expect_exit 0 file clear api-key --path="$placed/key"
    rmdir "$placed" || fail "something is left: $(ls -a "$placed")"
fi

say "without a verdict there is nothing to hold, and without a loss nothing to stop"
mkdir -p "$W/run/standing"
expect_exit 0 ctl hold --runtime-directory="$W/run"
expect_exit 0 ctl loss --runtime-directory="$W/run"
echo "expires_boottime_usec=1" >"$W/run/standing/trusted"
expect_exit 0 ctl hold --runtime-directory="$W/run"
[ ! -e "$W/run/standing/trusted" ] || fail "the expired standing is still there"
echo "trust me" >"$W/run/standing/trusted"
expect_exit 1 ctl hold --runtime-directory="$W/run"
expect_text "standing"

command -v cryptsetup >/dev/null || { say "(no cryptsetup: headers of its making are not tried)"; exit 0; }
say "a header that cryptsetup makes is accepted; its copy opens with the same key"
printf 'hunter2 hunter2' >"$W/key"
format() { # IMAGE [OPTION]...
    truncate -s 24M "$1"
    cryptsetup luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "${@:2}" "$1" "$W/key" >"$W/format.log" 2>&1
}
opens() { # IMAGE [OPTION]...
    cryptsetup open --test-passphrase --key-file "$W/key" "${@:2}" "$1" 2>/dev/null
}
if ! format "$W/disk"; then
    say "(cryptsetup makes no header here: $(head -n 1 "$W/format.log"))"
    exit 0
fi
expect_exit 0 ctl volume check "$W/disk"
expect_text "aes-xts-plain64, 512 bits"
expect_exit 0 volume add data --device="$W/disk"
expect_exit 0 volume header data --out="$W/copy"
expect_equal "$(stat -c %a "$W/copy")" 600 "the mode of the copy"
opens "$W/disk" --header "$W/copy" || fail "the copy does not open the disk"
expect_exit 0 ctl volume check "$W/disk" --json
expect_equal "$(jq -r '[.keyslots, .ok, (.findings | length)] | join(" ")' <<<"$OUT")" "1 true 0" "the header as JSON"
format "$W/argon" --pbkdf argon2id --pbkdf-force-iterations 4 --pbkdf-memory 32 --key-size 256 --sector-size 512 &&
    expect_exit 0 ctl volume check "$W/argon"

# forge IMAGE OLD NEW: the last OLD in the metadata of both copies is NEW, with checksums to match
cat >"$W/forge.py" <<'P'
import hashlib, sys
with open(sys.argv[1], "r+b") as disk:
    for offset in (0, 16384):
        disk.seek(offset)
        copy = bytearray(disk.read(16384))
        at = copy.rindex(sys.argv[2].encode())
        tail = copy[at + len(sys.argv[2]):].rstrip(b"\0")
        copy[at:] = (sys.argv[3].encode() + tail).ljust(16384 - at, b"\0")
        copy[448:512] = bytes(64)
        copy[448:480] = hashlib.sha256(copy).digest()
        disk.seek(offset)
        disk.write(copy)
P
forge() { cp "$W/disk" "$1" && python3 "$W/forge.py" "$@"; }

say "the attack: a header that has no cipher and opens with the right key; then there is no copy either"
cp "$W/disk" "$W/hostile"
expect_exit 0 volume add data --device="$W/hostile"
expect_exit 0 volume header data --out="$W/copy"
forge "$W/hostile" aes-xts-plain64 cipher_null-ecb || fail "no forgery"
opens "$W/hostile" || fail "cryptsetup does not open it"
expect_exit 5 volume header data --out="$W/copy"
expect_text "asks for another cipher, or for none"
expect_text '"cipher_null-ecb" in the segment'
[ ! -e "$W/copy" ] || fail "the copy of before is still there"
forge "$W/forged" '"encryption":"aes-xts-plain64","key_size":64' '"encryption":"cipher_null-ecb","key_size":64' || fail "no forgery"
expect_exit 5 ctl volume check "$W/forged"
expect_text '"cipher_null-ecb" in a keyslot'
expect_exit 5 ctl volume check "$W/forged" --json
expect_equal "$(jq -r '[.header, .ok, .findings[0].name, (.uuid == null)] | join(" ")' <<<"$OUT")" \
    "$W/forged false volume-header-cipher true" "the refused header as JSON"
forge "$W/forged" '"keyslots_size"' '"requirements":{"mandatory":["online-reencrypt"]},"keyslots_size"' || fail "no forgery"
expect_exit 5 ctl volume check "$W/forged"
expect_text "reencryption"
format "$W/forged" --cipher aes-cbc-essiv:sha256 --key-size 256 && expect_exit 5 ctl volume check "$W/forged"
cryptsetup luksFormat --batch-mode --type luks1 --pbkdf-force-iterations 1000 "$W/hostile" "$W/key" 2>/dev/null &&
    expect_exit 3 ctl volume check "$W/hostile" && expect_text "no LUKS2 header"
cp "$W/disk" "$W/damaged"
printf x | dd of="$W/damaged" bs=1 seek=5000 conv=notrunc status=none
expect_exit 3 ctl volume check "$W/damaged"
expect_text "checksum"
cp "$W/disk" "$W/older"
cryptsetup token add --key-description x "$W/older" 2>/dev/null && dd if="$W/disk" of="$W/older" bs=16384 seek=1 skip=1 count=1 conv=notrunc status=none &&
    expect_exit 3 ctl volume check "$W/older" && expect_text "copies differ"
expect_exit 3 ctl volume check /dev/zero
expect_exit 3 ctl volume check UUID=no-such-disk
