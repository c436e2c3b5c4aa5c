/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Into the TPM, or to the key of the verifier or of a vault; and to an offline key.
 */
#include "secret/recovery.h"
#include "secret/rewrap.h"
#include "secret/secret-policy.h"
#include "tpm/tpm-seal.h"
#include "worker/sealing.h"

#include <errno.h>
#include <string.h>

bool sealing_needs_tpm(const SealRequest *request)
{
    const GateFile *gate = &request->gate.file;

    return !gate_kind_is_wrapped(gate->kind) || gate->binds & BIND_BIT(BIND_KIND_AK_NAME);
}

/* What the verifier compares with what it has appraised. A new reference. */
static int describe_bind(const Sealing *sealing, json_t **ret)
{
    const SealRequest *request = sealing->request;
    unsigned binds = request->gate.file.binds;
    json_auto_t *bind = binds == BIND_BIT(BIND_KIND_FLEET)
                            ? json_string(bind_kind_name(BIND_KIND_FLEET))
                            : json_object();

    if (!bind)
        return -ENOMEM;
    for (unsigned i = 0; i < N_BIND_KINDS; i++) {
        BindKind kind = (BindKind)i;
        if (!(binds & BIND_BIT(kind) & BIND_REAL_KINDS))
            continue;
        const uint8_t *value = request->bind_values[kind];
        if (kind == BIND_KIND_AK_NAME)
            value = sealing->header.ak_name;
        int r = json_set_base64url(bind, bind_kind_name(kind),
                                   (ByteView){ value, bind_kind_size(kind) });
        if (r < 0)
            return r;
    }
    *ret = json_incref(bind);
    return 0;
}

static int wrap_for_verifier(Sealing *sealing, const Secret *data_key)
{
    const GateSettings *gate = &sealing->request->gate;
    json_auto_t *bind = NULL;

    int r = describe_bind(sealing, &bind);
    if (r < 0)
        return r;
    const RewrapTarget target = {
        .key = gate->rewrap_key,
        .kid = json_string_value(json_object_get(gate->file.rewrap_key, "kid")),
        .bind = bind,
    };
    r = rewrap_wrap(&target, &sealing->header, data_key, &sealing->header.wrapped);
    /* The Name is in the blob, where it is compared; the header has it for gates of the TPM. */
    memset(sealing->header.ak_name, 0, sizeof(sealing->header.ak_name));
    return r;
}

/* Under the storage key of which the header tells the Name. */
static int seal_in_tpm(Sealing *sealing, const Secret *data_key, SecretFile *ret)
{
    const TpmKey *parent = sealing->parent;
    _cleanup_tpm_sealed_ TpmSealed sealed = { 0 };
    SecretPolicy policy;

    int r = secret_policy_of(&sealing->header, &policy);
    if (r)
        return r < 0 ? r : -EPROTO;
    r = tpm_seal(parent, VIEW(parent->name), &policy.digest, data_key, &sealed);
    if (r)
        return sealing_fail_tpm(sealing, r);
    ret->sealed_public = TAKE_STRUCT(sealed.public_area);
    ret->sealed_private = TAKE_STRUCT(sealed.private_area);
    return SEAL_OK;
}

int sealing_protect_key(Sealing *sealing, const Secret *data_key, SecretFile *ret)
{
    const Key *recovery = sealing->request->gate.recovery_key;
    int r = 0;

    if (recovery)
        r = recovery_wrap(recovery, &sealing->header, data_key, &sealing->header.recovery);
    if (r < 0)
        return r;
    switch (sealing->header.gate_kind) {
    case GATE_KIND_REWRAP:
        return wrap_for_verifier(sealing, data_key);
    case GATE_KIND_KEY_RELEASE:
        return key_release_wrap(sealing->request->gate.vault_key, &sealing->header, data_key,
                                &sealing->header.wrapped);
    case GATE_KIND_VERIFIER:
    case GATE_KIND_PCR:
        return seal_in_tpm(sealing, data_key, ret);
    case N_GATE_KINDS:
        break;
    }
    return -EINVAL;
}
