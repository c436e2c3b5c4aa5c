# SPDX-License-Identifier: Apache-2.0
"""What an attestation provider reads out of a guest's own proof, for sim-azure: the firmware's log, which must lead
to the registers that were quoted, and who signed a TD quote."""
import hashlib
import struct

SHA256, NO_ACTION, VARIABLE = 0xb, 3, 0x80000001
FIRMWARE = range(8)  # registers that nobody extends but who is in the log


def events(log):
    """Register, type, SHA-256 digest and data of each event (TCG PC Client Platform Firmware Profile, 10)."""
    _, _, size = struct.unpack_from("<II20xI", log)
    header, at = log[32:32 + size], 32 + size
    if header[:16] != b"Spec ID Event03\0":
        raise ValueError("not a crypto-agile log")
    count, = struct.unpack_from("<I", header, 24)
    sizes = dict(struct.unpack_from("<HH", header, 28 + 4 * i) for i in range(count))
    while at < len(log):
        pcr, kind, n = struct.unpack_from("<III", log, at)
        at, digests = at + 12, {}
        for _ in range(n):
            algorithm, = struct.unpack_from("<H", log, at)
            digests[algorithm] = log[at + 2:at + 2 + sizes[algorithm]]
            at += 2 + sizes[algorithm]
        size, = struct.unpack_from("<I", log, at)
        if at + 4 + size > len(log):
            raise ValueError("an event that ends behind the log")
        yield pcr, kind, digests[SHA256], log[at + 4:at + 4 + size]
        at += 4 + size


def replayed(log):
    """The firmware's registers by the log, and whether its variable says that Secure Boot was on."""
    values, secure_boot = {pcr: bytes(32) for pcr in FIRMWARE}, False
    for pcr, kind, digest, data in events(log):
        if kind == NO_ACTION:
            if pcr == 0 and data[:16] == b"StartupLocality\0":
                values[0] = bytes(31) + data[16:17]
        elif pcr in values:
            values[pcr] = hashlib.sha256(values[pcr] + digest).digest()
        if pcr == 7 and kind == VARIABLE:
            name, size = struct.unpack_from("<QQ", data, 16)
            if data[32:32 + 2 * name].decode("utf-16-le") == "SecureBoot":
                secure_boot = data[32 + 2 * name:32 + 2 * name + size] == b"\1"
    return values, secure_boot


def number(big):
    big = big.lstrip(b"\0") or b"\0"
    big = b"\0" + big if big[0] & 0x80 else big
    return b"\2" + bytes([len(big)]) + big


def quote_signature(quote):
    """Of a version 4 quote: what is signed, the signature as DER, the key as SubjectPublicKeyInfo."""
    version, kind = struct.unpack_from("<HH", quote)
    if version != 4 or kind != 2 or len(quote) < 636 + 128:
        raise ValueError("not a quote of version 4, signed on P-256")
    both = number(quote[636:668]) + number(quote[668:700])
    key = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004") + quote[700:764]
    return quote[:632], b"\x30" + bytes([len(both)]) + both, key
