/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of registers that a secret is sealed with. Two kinds of them would be no lock: those of a
 * bank that nothing is measured into, and that of a cap that a refusal has closed already.
 */
#include "crypto/digest.h"
#include "format/tpm-alg.h"
#include "tpm/tpm-pcr.h"
#include "worker/sealing.h"

#include <errno.h>
#include <string.h>

#define CAPS_LOOKED_FOR 64   /* refusals of one boot */
#define FIRMWARE_PCRS   0xff /* 0 to 7 */

static int read_registers(Sealing *sealing, uint32_t mask, GatePcrs *ret)
{
    const TpmSelection selection = { .bank = TPM_ALG_SHA256, .pcrs = mask };
    TpmContext *tpm = vtpm_context(sealing->vtpm);
    EvidencePcrs pcrs = { 0 };

    int r = tpm_pcr_check_bank(tpm, selection);
    if (r == TPM_PCR_OK)
        r = tpm_pcr_read(tpm, selection, &pcrs);
    if (r == TPM_PCR_E_BANK_INACTIVE || r == TPM_PCR_E_BANK_UNKNOWN)
        return sealing_fail(sealing,
                            r == TPM_PCR_E_BANK_UNKNOWN ? "tpm-bank-unknown" : "tpm-bank-inactive",
                            tpm_alg_name(selection.bank));
    if (r)
        return sealing_fail_tpm(sealing, r);
    for (unsigned pcr = 0; pcr < GATE_PCR_COUNT; pcr++) {
        ByteView value = evidence_pcr(&pcrs, pcr);
        if (value.size == sizeof(ret->values[pcr]))
            memcpy(ret->values[pcr], value.data, value.size);
    }
    ret->mask |= mask;
    return SEAL_OK;
}

/*
 * All are zero; or one is that firmware always measures into, if only a separator: then what the
 * system extends later is all there is.
 */
static bool are_unmeasured(const GatePcrs *pcrs)
{
    static const uint8_t zero[sizeof(pcrs->values[0])];
    uint32_t zeros = 0;

    for (unsigned pcr = 0; pcr < GATE_PCR_COUNT; pcr++)
        if (pcrs->mask >> pcr & 1 && memcmp(pcrs->values[pcr], zero, sizeof(zero)) == 0)
            zeros |= UINT32_C(1) << pcr;
    return zeros == pcrs->mask || (zeros & FIRMWARE_PCRS);
}

/* Kind pcr: as they are now, but for those whose value to come was given. */
static int read_kind_pcr(Sealing *sealing)
{
    const SealRequest *request = sealing->request;
    GatePcrs *pcrs = &sealing->header.pcrs;
    uint32_t unknown = request->gate.file.pcrs & ~request->pcrs.mask;

    *pcrs = request->pcrs;
    int r = unknown ? read_registers(sealing, unknown, pcrs) : SEAL_OK;
    if (r != SEAL_OK)
        return r;
    return are_unmeasured(pcrs) ? sealing_fail(sealing, "secret-pcrs-unmeasured", NULL) : SEAL_OK;
}

/* What a register that began with zeros comes to by refusals alone. */
static int is_capped(ByteView value, bool *ret)
{
    uint8_t state[2 * GATE_POLICY_SIZE] = { 0 };
    Digest event, next;

    *ret = false;
    int r = digest_of(DIGEST_SHA256, tpm_pcr_cap_event(), &event);
    if (r == 0)
        memcpy(state + GATE_POLICY_SIZE, event.data, GATE_POLICY_SIZE);
    for (unsigned i = 0; r == 0 && !*ret && i < CAPS_LOOKED_FOR; i++) {
        r = digest_of(DIGEST_SHA256, VIEW_OF_ARRAY(state), &next);
        if (r == 0) {
            memcpy(state, next.data, GATE_POLICY_SIZE);
            *ret = memcmp(state, value.data, GATE_POLICY_SIZE) == 0;
        }
    }
    return r;
}

static int read_cap(Sealing *sealing)
{
    GatePcrs *pcrs = &sealing->header.pcrs;
    unsigned pcr = sealing->request->gate.file.cap_pcr;
    bool capped;

    int r = read_registers(sealing, 1U << pcr, pcrs);
    if (r != SEAL_OK)
        return r;
    r = is_capped(VIEW_OF_ARRAY(pcrs->values[pcr]), &capped);
    if (r)
        return r < 0 ? r : -EPROTO;
    return capped ? sealing_fail(sealing, "secret-capped", "sealed now, it would open only now")
                  : SEAL_OK;
}

int sealing_read_pcrs(Sealing *sealing)
{
    if (sealing->header.gate_kind == GATE_KIND_PCR)
        return read_kind_pcr(sealing);
    return sealing->request->gate.file.cap_pcr ? read_cap(sealing) : SEAL_OK;
}
