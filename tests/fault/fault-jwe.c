/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JWE is sealed and opened while memory runs out and libcrypto fails, at every call in turn and
 * by dice: no crash, no leak (under sanitizers), nothing half sealed, nothing opened that should
 * not be, and a fault is never mistaken for an answer.
 */
#include "dice.h"
#include "wrap.h"

#include "crypto/jwe.h"
#include "testing.h"

#include <errno.h>

#define ROUNDS 300 /* of dice */

static const char plaintext[] = "a data key of thirty-two bytes..";
static const char apv[] = "nonce";

typedef struct Case {
    const Key *key;
    const char *jwe; /* sealed to the key */
} Case;

static void check_failure(int r)
{
    if (dice_n_failed() == 0 || (r != -ENOMEM && r != -EIO))
        (void)printf("  %d after %zu of %zu calls failed\n", r, dice_n_failed(), dice_n_calls());
    check(dice_n_failed() > 0 && (r == -ENOMEM || r == -EIO));
}

static void seal(const Case *c)
{
    json_t *members = json_pack("{ss}", "kid", "k1");
    _cleanup_free_ char *text = NULL;

    int r = members
                ? jwe_seal(c->key, members, view_of_string(apv), view_of_string(plaintext), &text)
                : -ENOMEM;
    json_decref(members);
    check((r == JWE_OK) == (text != NULL));
    if (r != JWE_OK)
        check_failure(r);
}

static void open_with(const Case *c, const char *text, ByteView expected_apv, int wanted)
{
    _cleanup_jwe_parts_ JweParts parts = { 0 };
    _cleanup_(secret_freep) Secret *secret = NULL;

    int r = jwe_parse(text, &parts);
    if (r == JWE_OK)
        r = jwe_open(c->key, &parts, expected_apv, &secret);
    check((r == JWE_OK) == (secret != NULL));
    if (r != wanted)
        check_failure(r);
    if (secret)
        check(view_equal(secret_view(secret), view_of_string(plaintext)));
}

static void open_good(const Case *c)
{
    open_with(c, c->jwe, view_of_string(apv), JWE_OK);
}

static void open_for_another(const Case *c)
{
    open_with(c, c->jwe, view_of_string("other"), JWE_E_OPEN);
}

/* The encrypted key of another. */
static void open_changed(const Case *c)
{
    _cleanup_bytes_ Bytes text = { 0 };
    char *at;

    if (bytes_copy(view_of_string(c->jwe), &text) < 0)
        return;
    at = strchr((char *)text.data, '.') + 1;
    *at = *at == 'A' ? 'B' : 'A';
    open_with(c, (const char *)text.data, view_of_string(apv), JWE_E_OPEN);
}

static void fault(const Case *c, const char *name, void (*run)(const Case *c))
{
    dice_rest();
    run(c); /* what libcrypto makes once, it has made now */
    dice_rest();
    run(c);
    size_t n_calls = dice_n_calls();

    for (size_t i = 0; i < n_calls; i++) {
        dice_fail_at(i);
        run(c);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        dice_roll(i + 1, 2U << i % 8);
        run(c);
    }
    dice_rest();
    run(c);
    (void)printf("  %s: %zu calls\n", name, n_calls);
}

static void each(KeyType type)
{
    _cleanup_(key_freep) Key *key = NULL;
    _cleanup_free_ char *text = NULL;

    dice_rest();
    check_int(key_generate(type, &key), KEY_OK);
    check_int(jwe_seal(key, NULL, view_of_string(apv), view_of_string(plaintext), &text), JWE_OK);
    const Case c = { key, text };
    fault(&c, "seal", seal);
    fault(&c, "open", open_good);
    fault(&c, "open for another", open_for_another);
    fault(&c, "open what was changed", open_changed);
}

int main(void)
{
    wrap_jansson();
    each(KEY_P256);
    each(KEY_P384);
    return 0;
}
