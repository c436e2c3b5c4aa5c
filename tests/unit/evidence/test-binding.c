/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formula, against digests made by sha512sum and sha256sum.
 */
#include "base/encode.h"
#include "evidence/binding.h"
#include "testing.h"

static const char claims[] = "{\"eat_profile\":\"tag:github.com,2026:attestd/evidence#1\"}";

static void report_data_is_sha512_of_the_claims(void)
{
    uint8_t found[BINDING_REPORT_DATA_SIZE];

    check_int(binding_report_data(view_of_string(claims), found), 0);
    _cleanup_free_ char *text = hex_encode(VIEW_OF_ARRAY(found));
    check_str(text, "23648681c750b53f9b5c64967d7c73b07f2343f12a381f86e7b687f3c35d8e73"
                    "730a6a69c0849c2e19b0348c53a4b492fd8ac691e44c79597f4f60f4a0e2b1dd");
}

static void qualifying_data_is_sha256_of_the_claims(void)
{
    uint8_t found[BINDING_QUALIFYING_DATA_SIZE];

    check_int(binding_qualifying_data(view_of_string(claims), found), 0);
    _cleanup_free_ char *text = hex_encode(VIEW_OF_ARRAY(found));
    check_str(text, "5d930ba479e6a1d768254c0a52a1d48270dad190cbe3636722849a3075a5cfb8");
}

static void one_bit_of_the_claims_changes_both(void)
{
    uint8_t one[BINDING_REPORT_DATA_SIZE], other[BINDING_REPORT_DATA_SIZE];

    check_int(binding_report_data(view_of_string("{}"), one), 0);
    check_int(binding_report_data(view_of_string("{ }"), other), 0);
    check(!view_equal(VIEW_OF_ARRAY(one), VIEW_OF_ARRAY(other)));
    check_int(binding_qualifying_data(view_of_string("{}"), one), 0);
    check_int(binding_qualifying_data(view_of_string("{ }"), other), 0);
    check(memcmp(one, other, BINDING_QUALIFYING_DATA_SIZE) != 0);
}

static const Test tests[] = {
    { "report data is SHA-512 of the claims", report_data_is_sha512_of_the_claims },
    { "qualifying data is SHA-256 of the claims", qualifying_data_is_sha256_of_the_claims },
    { "another byte in the claims changes both", one_bit_of_the_claims_changes_both },
};

TEST_MAIN(tests)
