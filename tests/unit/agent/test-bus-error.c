/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue names as D-Bus error names: whatever comes from outside, the result is a valid one.
 */
#include "agent/bus-error.h"
#include "format/catalog.h"
#include "testing.h"

static void check_name(const char *finding, const char *wanted)
{
    char name[BUS_ERROR_NAME_SIZE];

    bus_error_name(finding, name);
    check_str(name, wanted);
}

static void dashes_become_capitals(void)
{
    check_name("no-verdict", "org.attestd.Error.NoVerdict");
    check_name("snp-tcb-too-low", "org.attestd.Error.SnpTcbTooLow");
    check_name("tpm2-pcr-7", "org.attestd.Error.Tpm2Pcr7");
    check_name("busy", "org.attestd.Error.Busy");
}

static void what_is_no_name_becomes_internal_error(void)
{
    static const char *const names[] = {
        "",   "Upper",       "7up",  "a b",    "a.b",      "a_b",
        "-a", "caf\xc3\xa9", "a\nb", "../etc", "org.evil", "\x7f"
    };
    char longest[BUS_ERROR_NAME_SIZE + 1];

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        check_name(names[i], "org.attestd.Error.InternalError");
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = 0;
    check_name(longest, "org.attestd.Error.InternalError");
}

static void every_catalogue_name_fits(void)
{
    for (size_t i = 0; catalog_at(i); i++) {
        char name[BUS_ERROR_NAME_SIZE];
        bus_error_name(catalog_at(i)->name, name);
        if (strcmp(catalog_at(i)->name, "internal-error") != 0)
            check(strcmp(name, "org.attestd.Error.InternalError") != 0);
    }
}

static void an_error_carries_the_cause(void)
{
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

    check(bus_error_set(&error, "no-verdict") < 0);
    check_str(error.name, "org.attestd.Error.NoVerdict");
    check_str(error.message, "no verdict is held");
}

static void and_what_was_found(void)
{
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

    check(bus_error_set_found(&error, "no-verdict", "100% of none") < 0);
    check_str(error.message, "no verdict is held: found 100% of none");
}

static const Test tests[] = {
    { "dashes become capitals", dashes_become_capitals },
    { "what is no name becomes internal-error", what_is_no_name_becomes_internal_error },
    { "every catalogue name fits", every_catalogue_name_fits },
    { "an error carries the cause", an_error_carries_the_cause },
    { "and what was found", and_what_was_found },
};

TEST_MAIN(tests)
