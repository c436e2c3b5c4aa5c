/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_Create, TPM2_Load and TPM2_Unseal of one data key.
 */
#include "tpm/tpm-seal.h"

#include "base/reader.h"
#include "tpm/tpm-answer.h"
#include "tpm/tpm-salt.h"
#include "tpm/tpm-storage-key.h"

#include <errno.h>
#include <string.h>
#include <tss2/tss2_mu.h>

/* No userWithAuth: the policy is the only way. No dictionary attack protection: nothing to guess.
 */
#define ATTRIBUTES (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_NODA)

const char *tpm_seal_finding(int no)
{
    switch (no) {
    case TPM_SEAL_E_PARENT:
        return "tpm-storage-key-changed";
    case TPM_SEAL_E_MALFORMED:
        return "tpm-sealed-malformed";
    case TPM_SEAL_E_SHAPE:
        return "tpm-sealed-shape";
    case TPM_SEAL_E_POLICY:
        return "tpm-sealed-policy";
    case TPM_SEAL_E_FOREIGN:
        return "tpm-sealed-foreign";
    case TPM_SEAL_E_EXPIRED:
        return "tpm-approval-expired";
    case TPM_SEAL_E_SESSION:
        return "tpm-session-lost";
    case TPM_SEAL_E_SIZE:
        return "tpm-sealed-size";
    case TPM_SEAL_E_FORGED:
        return "tpm-answer-forged";
    case TPM_SEAL_E_MOVED:
        return "tpm-pcrs-moving";
    }
    return "tpm-policy-failed"; /* TPM_SEAL_E_REFUSED */
}

/* Of any command. */
#define COMMON_ROWS                                                                                \
    { TSS2_ESYS_RC_RSP_AUTH_FAILED, TPM_SEAL_E_FORGED },                                           \
        { TSS2_ESYS_RC_MALFORMED_RESPONSE, TPM_SEAL_E_FORGED }, TPM_NO_GONE(TPM_SEAL_E_SESSION)

static const TpmNo load_rows[] = {
    COMMON_ROWS,
    { TPM2_RC_INTEGRITY, TPM_SEAL_E_FOREIGN },
    { TPM2_RC_SIZE, TPM_SEAL_E_FOREIGN },
    { TPM2_RC_INSUFFICIENT, TPM_SEAL_E_FOREIGN },
    { TPM2_RC_BINDING, TPM_SEAL_E_FOREIGN },
};

static const TpmNo rows[] = {
    COMMON_ROWS,
    { TPM2_RC_POLICY_FAIL, TPM_SEAL_E_REFUSED },
    { TPM2_RC_EXPIRED, TPM_SEAL_E_EXPIRED },
    { TPM2_RC_PCR_CHANGED, TPM_SEAL_E_MOVED },
};

static const TpmNoTable load_noes = { load_rows, ELEMENTSOF(load_rows), tpm_seal_finding };
static const TpmNoTable noes = { rows, ELEMENTSOF(rows), tpm_seal_finding };

void tpm_sealed_done(TpmSealed *sealed)
{
    bytes_done(&sealed->public_area);
    bytes_done(&sealed->private_area);
    *sealed = (TpmSealed){ 0 };
}

/* TPM 2.0 Part 2, 12.2.5 and 12.2.3.3: all of it is fixed but policy and unique. */
int tpm_seal_check(ByteView public_area, const Digest *policy)
{
    Reader outer = reader_over(public_area);
    ByteView area = reader_tpm2b(&outer, TPM_SEAL_PART_MAX);
    Reader reader = reader_over(area);

    if (reader_end(&outer) != READER_OK)
        return TPM_SEAL_E_MALFORMED;

    uint16_t type = reader_be16(&reader);
    uint16_t name_alg = reader_be16(&reader);
    uint32_t attributes = reader_be32(&reader);
    ByteView auth_policy = reader_tpm2b(&reader, GATE_POLICY_SIZE);
    if (type != TPM2_ALG_KEYEDHASH || name_alg != TPM2_ALG_SHA256 || attributes != ATTRIBUTES)
        return TPM_SEAL_E_SHAPE;
    uint16_t scheme = reader_be16(&reader);
    ByteView unique = reader_tpm2b(&reader, TPM2_SHA256_DIGEST_SIZE);
    if (reader_end(&reader) != READER_OK || scheme != TPM2_ALG_NULL ||
        unique.size != TPM2_SHA256_DIGEST_SIZE)
        return TPM_SEAL_E_SHAPE;
    return policy->size == GATE_POLICY_SIZE && view_equal(auth_policy, digest_view(policy))
               ? TPM_SEAL_OK
               : TPM_SEAL_E_POLICY;
}

static int refuse(TpmContext *tpm, int no)
{
    static const char *const texts[] = {
        [TPM_SEAL_E_PARENT] = "the storage key has another Name",
        [TPM_SEAL_E_MALFORMED] = "the sealed key cannot be read",
        [TPM_SEAL_E_SHAPE] = "the sealed key has other attributes",
        [TPM_SEAL_E_POLICY] = "the sealed key has another policy",
        [TPM_SEAL_E_SIZE] = "what was sealed has not 32 bytes",
    };

    return tpm_say_no(tpm, &noes, no, texts[no]);
}

static int start_salted(const TpmKey *parent, ByteView parent_name, TPMA_SESSION direction,
                        ESYS_TR *ret)
{
    if (!tpm_storage_key_is_fit(VIEW(parent->public_area)))
        return refuse(parent->tpm, TPM_SEAL_E_PARENT);

    int r = tpm_salted_session(parent, parent_name, direction, ret);
    switch (r) {
    case TPM_SALT_E_OTHER_KEY:
        return TPM_SEAL_E_PARENT;
    case TPM_SALT_E_GONE:
        return TPM_SEAL_E_SESSION;
    }
    return r;
}

/* What TPM2_Create gives back. */
typedef struct Created {
    TPM2B_PRIVATE *private_area;
    TPM2B_PUBLIC *public_area;
} Created;

static void created_done(Created *created)
{
    Esys_Free(created->private_area);
    Esys_Free(created->public_area);
}

static TSS2_RC call_create(TpmContext *tpm, ESYS_TR parent, ESYS_TR session,
                           const TPM2B_SENSITIVE_CREATE *sensitive, const TPM2B_PUBLIC *area,
                           Created *created)
{
    const TPML_PCR_SELECTION no_registers = { 0 };
    const TPM2B_DATA outside = { 0 };

    return Esys_Create(tpm->esys, parent, ESYS_TR_PASSWORD, session, ESYS_TR_NONE, sensitive, area,
                       &outside, &no_registers, &created->private_area, &created->public_area, NULL,
                       NULL, NULL);
}

/* The library keeps a copy of the last sensitive area: another takes its place, and goes nowhere.
 */
static void forget_sensitive(TpmContext *tpm, ESYS_TR gone)
{
    const TPM2B_SENSITIVE_CREATE nothing = { 0 };
    const TPM2B_PUBLIC area = { 0 };
    Created created = { 0 };

    (void)call_create(tpm, gone, ESYS_TR_NONE, &nothing, &area, &created);
    created_done(&created);
}

static int create(const TpmKey *parent, ESYS_TR session, const Digest *policy, const Secret *key,
                  Created *created)
{
    TPM2B_SENSITIVE_CREATE sensitive = { .sensitive.data.size = TPM_SEAL_KEY_SIZE };
    TPM2B_PUBLIC area = {
        .publicArea = {
            .type = TPM2_ALG_KEYEDHASH,
            .nameAlg = TPM2_ALG_SHA256,
            .objectAttributes = ATTRIBUTES,
            .authPolicy = { .size = GATE_POLICY_SIZE },
            .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL,
        },
    };
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    memcpy(area.publicArea.authPolicy.buffer, policy->data, GATE_POLICY_SIZE);
    memcpy(sensitive.sensitive.data.buffer, secret_view(key).data, TPM_SEAL_KEY_SIZE);
    do
        rc = call_create(parent->tpm, parent->handle, session, &sensitive, &area, created);
    while (tpm_retry(&patience, rc));
    wipe(&sensitive, sizeof(sensitive));
    return tpm_answer(parent->tpm, &noes, "TPM2_Create", rc);
}

static int keep(TpmContext *tpm, const Created *created, const Digest *policy, TpmSealed *ret)
{
    uint8_t public_area[sizeof(TPM2B_PUBLIC)], private_area[sizeof(TPM2B_PRIVATE)];
    _cleanup_tpm_sealed_ TpmSealed sealed = { 0 };
    size_t public_size = 0, private_size = 0;

    TSS2_RC rc = Tss2_MU_TPM2B_PUBLIC_Marshal(created->public_area, public_area,
                                              sizeof(public_area), &public_size);
    if (rc == TSS2_RC_SUCCESS)
        rc = Tss2_MU_TPM2B_PRIVATE_Marshal(created->private_area, private_area,
                                           sizeof(private_area), &private_size);
    int r = tpm_result(tpm, "marshalling", rc);
    if (r < 0)
        return r;
    r = tpm_seal_check((ByteView){ public_area, public_size }, policy);
    if (r != TPM_SEAL_OK)
        return refuse(tpm, r);
    r = bytes_copy((ByteView){ public_area, public_size }, &sealed.public_area);
    if (r == 0)
        r = bytes_copy((ByteView){ private_area, private_size }, &sealed.private_area);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(sealed);
    return TPM_SEAL_OK;
}

int tpm_seal(const TpmKey *parent, ByteView parent_name, const Digest *policy, const Secret *key,
             TpmSealed *ret)
{
    _cleanup_(created_done) Created created = { 0 };
    ESYS_TR session = ESYS_TR_NONE;

    if (secret_view(key).size != TPM_SEAL_KEY_SIZE || policy->size != GATE_POLICY_SIZE)
        return -EINVAL;
    int r = start_salted(parent, parent_name, TPMA_SESSION_DECRYPT, &session);
    if (r != TPM_SEAL_OK)
        return r;

    ESYS_TR gone = session;
    r = create(parent, session, policy, key, &created);
    tpm_flush(parent->tpm, &session);
    forget_sensitive(parent->tpm, gone);
    if (r != TPM_SEAL_OK)
        return r;
    return keep(parent->tpm, &created, policy, ret);
}

static int parse_sealed(const TpmSealed *sealed, TPM2B_PUBLIC *ret_public,
                        TPM2B_PRIVATE *ret_private)
{
    ByteView public_area = VIEW(sealed->public_area), private_area = VIEW(sealed->private_area);
    size_t used = 0;

    if (private_area.size == 0 || private_area.size > TPM_SEAL_PART_MAX ||
        Tss2_MU_TPM2B_PUBLIC_Unmarshal(public_area.data, public_area.size, &used, ret_public) !=
            TSS2_RC_SUCCESS ||
        used != public_area.size)
        return TPM_SEAL_E_MALFORMED;
    used = 0;
    if (Tss2_MU_TPM2B_PRIVATE_Unmarshal(private_area.data, private_area.size, &used, ret_private) !=
            TSS2_RC_SUCCESS ||
        used != private_area.size)
        return TPM_SEAL_E_MALFORMED;
    return TPM_SEAL_OK;
}

static int load(const TpmUnseal *wanted, ESYS_TR *ret)
{
    TpmContext *tpm = wanted->parent->tpm;
    TPM2B_PRIVATE private_area = { 0 };
    TPM2B_PUBLIC public_area = { 0 };
    TpmPatience patience = { 0 };
    ESYS_TR object = ESYS_TR_NONE;
    TSS2_RC rc;

    int r = tpm_seal_check(VIEW(wanted->sealed->public_area), wanted->policy);
    if (r == TPM_SEAL_OK)
        r = parse_sealed(wanted->sealed, &public_area, &private_area);
    if (r != TPM_SEAL_OK)
        return refuse(tpm, r);
    do
        rc = Esys_Load(tpm->esys, wanted->parent->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                       ESYS_TR_NONE, &private_area, &public_area, &object);
    while (tpm_retry(&patience, rc));
    r = tpm_answer(tpm, &load_noes, "TPM2_Load", rc);
    if (r == TPM_SEAL_OK)
        *ret = object;
    return r;
}

/* The library's buffer still has the answer in it: a longer one takes its place. */
static void forget_answer(TpmContext *tpm, ESYS_TR object)
{
    _cleanup_esys_ TPM2B_PUBLIC *area = NULL;

    (void)Esys_ReadPublic(tpm->esys, object, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &area, NULL,
                          NULL);
}

static int take(TpmContext *tpm, TPM2B_SENSITIVE_DATA *data, Secret **ret)
{
    int r = data->size == TPM_SEAL_KEY_SIZE
                ? secret_new((ByteView){ .data = data->buffer, .size = data->size }, ret)
                : refuse(tpm, TPM_SEAL_E_SIZE);

    wipe(data, sizeof(*data));
    return r;
}

static int unseal(TpmPolicy *session, ESYS_TR object, ESYS_TR salted, Secret **ret)
{
    _cleanup_esys_ TPM2B_SENSITIVE_DATA *data = NULL;
    TpmPatience patience = { 0 };
    TSS2_RC rc;

    do
        rc = Esys_Unseal(session->tpm->esys, object, session->session, salted, ESYS_TR_NONE, &data);
    while (tpm_retry(&patience, rc));
    forget_answer(session->tpm, object);

    int r = tpm_answer(session->tpm, &noes, "TPM2_Unseal", rc);
    if (r != TPM_SEAL_OK)
        return r;
    return take(session->tpm, data, ret);
}

int tpm_unseal(TpmPolicy *session, const TpmUnseal *wanted, Secret **ret)
{
    ESYS_TR salted = ESYS_TR_NONE, object = ESYS_TR_NONE;

    int r = start_salted(wanted->parent, wanted->parent_name, TPMA_SESSION_ENCRYPT, &salted);
    if (r != TPM_SEAL_OK)
        return r;
    r = load(wanted, &object);
    if (r == TPM_SEAL_OK)
        r = unseal(session, object, salted, ret);
    tpm_flush(session->tpm, &object);
    tpm_flush(session->tpm, &salted);
    return r;
}
