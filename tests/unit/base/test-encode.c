/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict text encodings. Vectors: RFC 4648 section 10.
 */
#include "base/encode.h"

#include "testing.h"

static void the_rfc_4648_vectors_hold(void)
{
    static const struct {
        const char *plain, *base64, *base64url;
    } vectors[] = {
        { "", "", "" },
        { "f", "Zg==", "Zg" },
        { "fo", "Zm8=", "Zm8" },
        { "foo", "Zm9v", "Zm9v" },
        { "foob", "Zm9vYg==", "Zm9vYg" },
        { "fooba", "Zm9vYmE=", "Zm9vYmE" },
        { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
        { "\xfb\xff", "+/8=", "-_8" },
    };

    for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
        ByteView plain = view_of_string(vectors[i].plain);
        _cleanup_free_ char *base64 = base64_encode(plain);
        _cleanup_free_ char *base64url = base64url_encode(plain);
        _cleanup_bytes_ Bytes a = { 0 }, b = { 0 };

        check_str(base64, vectors[i].base64);
        check_str(base64url, vectors[i].base64url);
        check_int(base64_decode(view_of_string(base64), &a), ENCODE_OK);
        check_int(base64url_decode(view_of_string(base64url), &b), ENCODE_OK);
        check(view_equal(VIEW(a), plain));
        check(view_equal(VIEW(b), plain));
    }
}

static void sloppy_base64url_is_refused(void)
{
    static const struct {
        const char *text;
        int reason;
    } bad[] = {
        { "Zg==", ENCODE_E_CHARACTER },   { "Zm9v ", ENCODE_E_LENGTH },
        { "Zm 9", ENCODE_E_CHARACTER },   { "Zm9+", ENCODE_E_CHARACTER },
        { "Zh", ENCODE_E_TRAILING_BITS }, { "Zm9", ENCODE_E_TRAILING_BITS },
        { "Z", ENCODE_E_LENGTH },         { "Zm9\n", ENCODE_E_CHARACTER },
        { "Zm9v\xc3", ENCODE_E_LENGTH },
    };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        Bytes out = { 0 };
        check_int(base64url_decode(view_of_string(bad[i].text), &out), bad[i].reason);
        check(!out.data);
    }
}

static void sloppy_base64_is_refused(void)
{
    Bytes out = { 0 };

    check_int(base64_decode(view_of_string("Zg"), &out), ENCODE_E_LENGTH);
    check_int(base64_decode(view_of_string("Zg==Zg=="), &out), ENCODE_E_CHARACTER);
    check_int(base64_decode(view_of_string("===="), &out), ENCODE_E_CHARACTER);
    check_int(base64_decode(view_of_string("Zh=="), &out), ENCODE_E_TRAILING_BITS);
    check_int(base64_decode(view_of_string("-_8="), &out), ENCODE_E_CHARACTER);
}

static void hex_is_exact(void)
{
    _cleanup_bytes_ Bytes bytes = { 0 };
    Bytes none = { 0 };

    check_int(hex_decode("00Ff7a", &bytes), ENCODE_OK);
    _cleanup_free_ char *text = hex_encode(VIEW(bytes));
    check_str(text, "00ff7a");
    check_int(hex_decode("0", &none), ENCODE_E_LENGTH);
    check_int(hex_decode("0g", &none), ENCODE_E_CHARACTER);
    check_int(hex_decode("0x00", &none), ENCODE_E_CHARACTER);
    check(!none.data);
}

static const Test tests[] = {
    { "the RFC 4648 vectors hold", the_rfc_4648_vectors_hold },
    { "sloppy base64url is refused", sloppy_base64url_is_refused },
    { "sloppy base64 is refused", sloppy_base64_is_refused },
    { "hex is exact", hex_is_exact },
};

TEST_MAIN(tests)
