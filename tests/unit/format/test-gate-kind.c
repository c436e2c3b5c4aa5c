/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small vocabularies of gates and secrets: each name leads to its value and back, no other
 * does.
 */
#include "format/gate-kind.h"

#include "format/bind-kind.h"
#include "format/on-change.h"
#include "format/on-loss.h"
#include "format/vtpm-root.h"
#include "testing.h"

static const char *const strangers[] = { NULL, "", "Verifier", "verifier ", "keep\n", "none" };

static void test_kinds_of_gates(void)
{
    static const char *const names[N_GATE_KINDS] = { "verifier", "rewrap", "key-release", "pcr" };
    GateKind found = GATE_KIND_PCR;

    for (int i = 0; i < N_GATE_KINDS; i++) {
        check_str(gate_kind_name((GateKind)i), names[i]);
        check(gate_kind_by_name(names[i], &found) && (int)found == i);
    }
    for (size_t i = 0; i < ELEMENTSOF(strangers); i++)
        check(!gate_kind_by_name(strangers[i], &found) && found == GATE_KIND_PCR);
}

static void test_what_kinds_have_in_common(void)
{
    static const struct {
        GateKind kind;
        bool has_round, is_granted, is_wrapped;
    } kinds[] = {
        { GATE_KIND_VERIFIER, true, true, false },
        { GATE_KIND_REWRAP, true, true, true },
        { GATE_KIND_KEY_RELEASE, true, false, true },
        { GATE_KIND_PCR, false, false, false },
    };

    check_int(ELEMENTSOF(kinds), N_GATE_KINDS);
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        check_int(gate_kind_has_round(kinds[i].kind), kinds[i].has_round);
        check_int(gate_kind_is_granted(kinds[i].kind), kinds[i].is_granted);
        check_int(gate_kind_is_wrapped(kinds[i].kind), kinds[i].is_wrapped);
    }
}

static void test_what_follows_a_loss(void)
{
    static const char *const names[N_ON_LOSS] = { "keep", "stop-units", "poweroff" };
    OnLoss found = ON_LOSS_POWEROFF;

    for (int i = 0; i < N_ON_LOSS; i++) {
        check_str(on_loss_name((OnLoss)i), names[i]);
        check(on_loss_by_name(names[i], &found) && (int)found == i);
    }
    for (size_t i = 0; i < ELEMENTSOF(strangers); i++)
        check(!on_loss_by_name(strangers[i], &found) && found == ON_LOSS_POWEROFF);
}

static void test_what_follows_a_change(void)
{
    static const char *const names[N_ON_CHANGE] = { "keep", "reload", "restart" };
    OnChange found = ON_CHANGE_RESTART;

    for (int i = 0; i < N_ON_CHANGE; i++) {
        check_str(on_change_name((OnChange)i), names[i]);
        check(on_change_by_name(names[i], &found) && (int)found == i);
    }
    for (size_t i = 0; i < ELEMENTSOF(strangers); i++)
        check(!on_change_by_name(strangers[i], &found) && found == ON_CHANGE_RESTART);
}

static void test_what_a_blob_is_bound_to(void)
{
    static const struct {
        const char *name;
        size_t size;
    } kinds[N_BIND_KINDS] = { { "ak-name", 34 }, { "chip-id", 64 }, { "host-data", 32 },
                              { "id-key", 48 },  { "vm-id", 36 },   { "fleet", 0 } };
    BindKind found = BIND_KIND_FLEET;

    for (int i = 0; i < N_BIND_KINDS; i++) {
        check_str(bind_kind_name((BindKind)i), kinds[i].name);
        check(bind_kind_by_name(kinds[i].name, &found) && (int)found == i);
        check_int(bind_kind_size((BindKind)i), kinds[i].size);
        check(bind_kind_size((BindKind)i) <= BIND_VALUE_MAX);
    }
    for (size_t i = 0; i < ELEMENTSOF(strangers); i++)
        check(!bind_kind_by_name(strangers[i], &found) && found == BIND_KIND_FLEET);
}

static void test_fleet_is_alone_and_nothing_is_no_binding(void)
{
    const unsigned fleet = BIND_BIT(BIND_KIND_FLEET);

    check(!bind_set_is_valid(0) && bind_set_is_valid(fleet));
    for (unsigned binds = 1; binds <= BIND_REAL_KINDS; binds++)
        check(bind_set_is_valid(binds) && !bind_set_is_valid(binds | fleet));
    check(!bind_set_is_valid(BIND_BIT(N_BIND_KINDS)));
    check(!bind_set_is_valid(BIND_BIT(N_BIND_KINDS) | 1));
}

static void test_roots_are_ranked(void)
{
    check_int(vtpm_root_rank("host"), 0);
    check_int(vtpm_root_rank("certificate"), 1);
    check_int(vtpm_root_rank("svsm"), 2);
    check_int(vtpm_root_rank("paravisor"), 2);
    for (size_t i = 0; i < ELEMENTSOF(strangers); i++)
        check_int(vtpm_root_rank(strangers[i]), -1);
}

static const Test tests[] = {
    { "kinds of gates", test_kinds_of_gates },
    { "what kinds have in common", test_what_kinds_have_in_common },
    { "what follows a loss", test_what_follows_a_loss },
    { "what follows a change", test_what_follows_a_change },
    { "what a blob is bound to", test_what_a_blob_is_bound_to },
    { "fleet is alone, and nothing is no binding", test_fleet_is_alone_and_nothing_is_no_binding },
    { "roots are ranked", test_roots_are_ranked },
};

TEST_MAIN(tests)
