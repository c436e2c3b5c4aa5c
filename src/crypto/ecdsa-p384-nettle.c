/* SPDX-License-Identifier: Apache-2.0 */
/*
 * P-384 by nettle, in little more than half of OpenSSL 3.0's time. Its low-level interface takes
 * numbers as limbs and memory from the caller, so nothing is allocated that cannot fail decently
 * (GMP's own allocator would end the process).
 */
#include "crypto/ecdsa-p384.h"

#include <errno.h>
#include <limits.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>

#define SIZE       48 /* bytes of a number */
#define LIMB_BYTES sizeof(mp_limb_t)
#define LIMBS      (SIZE / sizeof(mp_limb_t))

_Static_assert(SIZE % sizeof(mp_limb_t) == 0, "a number fills its limbs");
_Static_assert(GMP_NAIL_BITS == 0, "limbs are used whole");

/* Big-endian bytes, at most SIZE of them, to limbs, the least first. */
static void read_number(ByteView bytes, mp_limb_t out[static LIMBS])
{
    for (size_t i = 0; i < LIMBS; i++)
        out[i] = 0;
    for (size_t i = 0; i < bytes.size; i++)
        out[i / LIMB_BYTES] |= (mp_limb_t)bytes.data[bytes.size - 1 - i]
                               << CHAR_BIT * (i % LIMB_BYTES);
}

const char *ecdsa_p384_backend(void)
{
    return "nettle";
}

int ecdsa_p384_verify(const Key *key, ByteView hash, ByteView r, ByteView s)
{
    const struct ecc_curve *curve = nettle_get_secp_384r1();
    _cleanup_bytes_ Bytes x = { 0 }, y = { 0 };
    mp_limb_t point[2 * LIMBS], r_limbs[LIMBS], s_limbs[LIMBS];

    if (ecc_size(curve) != LIMBS || r.size > SIZE || s.size > SIZE)
        return -EINVAL;
    _cleanup_free_ mp_limb_t *scratch =
        calloc((size_t)ecc_ecdsa_verify_itch(curve), sizeof(*scratch));
    if (!scratch)
        return -ENOMEM;
    int result = key_ec_point(key, &x, &y);
    if (result != KEY_OK)
        return result < 0 ? result : -EINVAL;
    /* A Key is on its curve. That r and s are in range is asked by nettle. */
    read_number(VIEW(x), point);
    read_number(VIEW(y), point + LIMBS);
    read_number(r, r_limbs);
    read_number(s, s_limbs);
    return ecc_ecdsa_verify(curve, point, hash.size, hash.data, r_limbs, s_limbs, scratch) == 1
               ? SIGNATURE_OK
               : SIGNATURE_E_BAD;
}
