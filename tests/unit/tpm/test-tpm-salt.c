/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What someone between this machine and its TPM sees, and what they can change.
 */
#include "bus-tap.h"
#include "gate-lab.h"

#define HEADER_SIZE 10 /* of an answer: tag, size, code */

static TpmKey *find_parent(TpmContext *tpm)
{
    TpmKey *parent = NULL;

    check_int(tpm_storage_key_find(tpm, (ByteView){ 0 }, &parent), TPM_STORAGE_KEY_OK);
    return parent;
}

static int seal_under(const TpmKey *parent, ByteView parent_name, const Digest *policy)
{
    _cleanup_tpm_sealed_ TpmSealed sealed = { 0 };
    Secret *key = NULL;

    check_int(secret_new(VIEW_OF_ARRAY(gate_lab_data_key), &key), 0);
    int r = tpm_seal(parent, parent_name, policy, key, &sealed);
    check((r == TPM_SEAL_OK) == (sealed.private_area.data != NULL));
    secret_free(key);
    return r;
}

static void the_data_key_never_crosses_in_the_clear(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = bus_tap_open(&lab.swtpm);
    TpmKey *parent = find_parent(tpm);
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };

    check_int(seal_under(parent, VIEW(parent->name), &lab.policy), TPM_SEAL_OK);
    tpm_key_free(parent);
    TpmPolicy *session = gate_lab_session(tpm);
    check_int(gate_lab_approve(&lab, session, -600, &ticket), TPM_POLICY_OK);
    check_int(gate_lab_unseal(&lab, session, &lab.policy), TPM_SEAL_OK);
    check(bus_tap_has_seen(VIEW_OF_ARRAY(session->nonce))); /* the tap works */
    check(!bus_tap_has_seen((ByteView){ gate_lab_data_key, 8 }));
    check(!bus_tap_has_seen((ByteView){ gate_lab_data_key + 24, 8 }));
    tpm_policy_free(session);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

static void an_altered_answer_is_named(void)
{
    GateLab lab = gate_lab_start();

    /* Behind the header: parameter size 4, TPM2B size 2, then the encrypted key. */
    for (size_t at = HEADER_SIZE + 6; at < HEADER_SIZE + 6 + TPM_SEAL_KEY_SIZE; at += 10) {
        TpmContext *tpm = bus_tap_open(&lab.swtpm);
        TpmPolicy *session = gate_lab_session(tpm);
        _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };
        check_int(gate_lab_approve(&lab, session, -600, &ticket), TPM_POLICY_OK);
        bus_tap.altered_command = TPM2_CC_Unseal;
        bus_tap.altered_at = at;
        check_int(gate_lab_unseal(&lab, session, &lab.policy), TPM_SEAL_E_FORGED);
        check_str(tpm->failure.finding, "tpm-answer-forged");
        tpm_policy_free(session);
        tpm_context_free(tpm);
        swtpm_restart(&lab.swtpm); /* the library gives up its context: nothing can be flushed */
    }
    gate_lab_stop(&lab);
}

static void an_altered_sealed_key_is_named(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = bus_tap_open(&lab.swtpm);
    TpmKey *parent = find_parent(tpm);

    bus_tap.altered_command = TPM2_CC_Create;
    bus_tap.altered_at = HEADER_SIZE + 40;
    check_int(seal_under(parent, VIEW(parent->name), &lab.policy), TPM_SEAL_E_FORGED);
    check_str(tpm->failure.finding, "tpm-answer-forged");
    tpm_key_free(parent);
    tpm_context_free(tpm);
    swtpm_restart(&lab.swtpm);
    gate_lab_stop(&lab);
}

/* A key of the attacker's in place of the storage key: the salt would be theirs. */
static Bytes forge_area(const TpmKey *parent)
{
    _cleanup_(key_freep) Key *evil = gate_lab_key();
    _cleanup_bytes_ Bytes area = { 0 };
    Bytes forged = { 0 };

    check_int(gate_key_public(evil, &area), GATE_OK);
    check_int(bytes_copy(VIEW(parent->public_area), &forged), 0);
    /* Both end with two coordinates of 32 bytes and their sizes. */
    memcpy(forged.data + forged.size - 68, area.data + area.size - 68, 68);
    check(tpm_storage_key_is_fit(VIEW(forged)));
    return forged;
}

/* Has the provisioned key read with some of its areas replaced, its Name on the bus left genuine.
 */
static TpmKey *find_substituted(TpmContext *tpm, ByteView area, ByteView forged, unsigned times)
{
    bus_tap.altered_command = TPM2_CC_ReadPublic;
    bus_tap.replaced = area;
    bus_tap.replacing = forged;
    bus_tap.replacements = times;
    TpmKey *found = find_parent(tpm);
    check_int(bus_tap.replacements, 0);
    check_int(found->persistent, 0x81000001);
    return found;
}

static void check_substitution(const GateLab *lab, const TpmKey *genuine, unsigned times)
{
    _cleanup_bytes_ Bytes forged = forge_area(genuine);
    TpmContext *tpm = bus_tap_open(&lab->swtpm);
    TpmKey *found = find_substituted(tpm, VIEW(genuine->public_area), VIEW(forged), times);

    check_int(seal_under(found, VIEW(genuine->name), &lab->policy), TPM_SEAL_E_PARENT);
    check_str(tpm->failure.finding, "tpm-storage-key-changed");
    tpm_key_free(found);
    /* Whoever asks for it by Name does not get it. */
    bus_tap.replacements = times;
    found = NULL;
    int r = tpm_storage_key_find(tpm, VIEW(genuine->name), &found);
    check(r == TPM_STORAGE_KEY_E_OTHER || !view_equal(VIEW(found->public_area), VIEW(forged)));
    tpm_key_free(found);
    tpm_context_free(tpm);
}

static TpmKey *provision_other_key(TpmContext *tpm)
{
    TpmKey *own = find_parent(tpm), *other = NULL;
    TPMT_PUBLIC template;

    check_int(tpm_key_parse(VIEW(own->public_area), &template), TPM_KEY_OK);
    tpm_key_free(own);
    template.unique.ecc = (TPMS_ECC_POINT){ .x.size = 0, .y.size = 0 };
    check_int(tpm_key_create(tpm, ESYS_TR_RH_OWNER, &template, &other), 0);
    swtpm_persist(tpm, other->handle, 0x81000001);
    return other;
}

static void a_substituted_storage_key_is_named(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmKey *genuine = provision_other_key(tpm);

    tpm_flush(tpm, &genuine->handle);
    check_substitution(&lab, genuine, 1); /* what the library keeps; the next reading is genuine */
    check_substitution(&lab, genuine, 2);
    tpm_key_free(genuine);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}

#ifndef __SANITIZE_ADDRESS__ /* which keeps what is freed, in mappings beyond measure */

#define MASK 0x5a

/* How often the bytes whose masked form is MASKED stand in this process's writable memory. */
static size_t count_in_memory(ByteView masked)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char line[512];
    size_t count = 0;

    check(maps && memory >= 0);
    while (fgets(line, sizeof(line), maps)) {
        unsigned long from, to;
        char rights[8];
        _cleanup_bytes_ Bytes copy = { 0 };
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w')
            continue;
        check_int(bytes_new(to - from, &copy), 0);
        ssize_t size = pread(memory, copy.data, copy.size, (off_t)from);
        for (size_t i = 0; size > 0 && i + masked.size <= (size_t)size; i++) {
            size_t k = 0;
            while (k < masked.size && copy.data[i + k] == (masked.data[k] ^ MASK))
                k++;
            count += k == masked.size;
        }
        wipe(copy.data, copy.size);
    }
    (void)fclose(maps);
    (void)close(memory);
    return count;
}

static void the_data_key_is_left_nowhere_but_in_its_secret(void)
{
    GateLab lab = gate_lab_start();
    TpmContext *tpm = swtpm_open(&lab.swtpm);
    TpmKey *parent = find_parent(tpm);
    uint8_t masked[TPM_SEAL_KEY_SIZE];
    Secret *key = NULL, *opened = NULL;
    _cleanup_tpm_ticket_ TpmTicket ticket = { 0 };

    for (size_t i = 0; i < sizeof(masked); i++)
        masked[i] = (uint8_t)(i * 37 + (size_t)getpid());
    uint8_t plain[TPM_SEAL_KEY_SIZE];
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = masked[i] ^ MASK;
    check_int(secret_new(VIEW_OF_ARRAY(plain), &key), 0);
    wipe(plain, sizeof(plain));
    check_int(count_in_memory(VIEW_OF_ARRAY(masked)), 1);

    tpm_sealed_done(&lab.sealed);
    check_int(tpm_seal(parent, VIEW(parent->name), &lab.policy, key, &lab.sealed), TPM_SEAL_OK);
    check_int(count_in_memory(VIEW_OF_ARRAY(masked)), 1);
    key = secret_free(key);

    TpmPolicy *session = gate_lab_session(tpm);
    check_int(gate_lab_approve(&lab, session, -600, &ticket), TPM_POLICY_OK);
    const TpmUnseal wanted = { parent, VIEW(parent->name), &lab.sealed, &lab.policy };
    check_int(tpm_unseal(session, &wanted, &opened), TPM_SEAL_OK);
    check_int(count_in_memory(VIEW_OF_ARRAY(masked)), 1);
    secret_free(opened);
    tpm_policy_free(session);
    tpm_key_free(parent);
    tpm_context_free(tpm);
    gate_lab_stop(&lab);
}
#endif

static const Test tests[] = {
    { "the data key never crosses in the clear", the_data_key_never_crosses_in_the_clear },
    { "an altered answer is named", an_altered_answer_is_named },
    { "an altered sealed key is named", an_altered_sealed_key_is_named },
    { "a substituted storage key is named, whatever Name comes with it",
      a_substituted_storage_key_is_named },
#ifndef __SANITIZE_ADDRESS__
    { "the data key is left nowhere in memory but in its secret",
      the_data_key_is_left_nowhere_but_in_its_secret },
#endif
};

TEST_MAIN(tests)
