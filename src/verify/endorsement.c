/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers certificates and revocation lists, and splits a certificate where only the key of its
 * issuer is at hand.
 */
#include "verify/endorsement.h"

#include "base/reader.h"
#include "format/snp-certs.h"
#include "verify/refuse.h"

#include <errno.h>

void endorsements_done(Endorsements *endorsements)
{
    certificate_list_done(&endorsements->certificates);
    for (size_t i = 0; i < endorsements->n_crls; i++)
        crl_free(endorsements->crls[i]);
    *endorsements = (Endorsements){ 0 };
}

/* The same certificate often comes by two ways; decoding it twice would cost as much as checking.
 */
static bool is_known(const Endorsements *endorsements, ByteView der)
{
    for (size_t i = 0; i < endorsements->certificates.n_items; i++)
        if (view_equal(certificate_der(endorsements->certificates.items[i]), der))
            return true;
    return false;
}

static int add_certificate(Endorsements *endorsements, Findings *findings, const char *name,
                           ByteView bytes)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;

    if (bytes.size == 0 || is_known(endorsements, bytes))
        return 0;
    if (endorsements->certificates.n_items >= CERTIFICATE_LIST_MAX)
        return warn(findings, "snp-endorsement-unreadable", "cpu", NULL,
                    "more than %d certificates", CERTIFICATE_LIST_MAX);
    int r = certificate_parse(bytes, &certificate);
    if (r < 0)
        return r;
    if (r != CERTIFICATE_OK)
        return warn(findings, "snp-endorsement-unreadable", "cpu", NULL, "%s: %s", name,
                    certificate_reason(r));
    return certificate_list_add(&endorsements->certificates, certificate);
}

static int add_crl(Endorsements *endorsements, Findings *findings, ByteView bytes)
{
    Crl *crl;

    if (bytes.size == 0 || endorsements->n_crls >= ENDORSEMENT_CRLS_MAX)
        return 0;
    int r = crl_parse(bytes, &crl);
    if (r < 0)
        return r;
    if (r != CRL_OK)
        return warn(findings, "snp-endorsement-unreadable", "cpu", NULL, "crl: %s", crl_reason(r));
    endorsements->crls[endorsements->n_crls++] = crl;
    return 0;
}

static int add_table(Endorsements *endorsements, Findings *findings, ByteView table)
{
    SnpCerts certs;

    if (snp_certs_parse(table, &certs) != SNP_CERTS_OK)
        return warn(findings, "snp-endorsement-unreadable", "cpu", NULL,
                    "the certificate table of the host");
    for (size_t i = 0; i < certs.n_items; i++) {
        const SnpCert *cert = &certs.items[i];
        int r = 0;
        if (cert->kind == SNP_CERT_CRL)
            r = add_crl(endorsements, findings, cert->content);
        else if (cert->kind != SNP_CERT_OTHER)
            r = add_certificate(endorsements, findings, snp_cert_kind_name(cert->kind),
                                cert->content);
        if (r < 0)
            return r;
    }
    return 0;
}

static int add_members(Endorsements *endorsements, Findings *findings,
                       const EvidenceEndorsements *members)
{
    const struct {
        const char *name;
        const Bytes *bytes;
    } certificates[] = {
        { "vcek", &members->vcek }, { "vlek", &members->vlek }, { "ask", &members->ask },
        { "asvk", &members->asvk }, { "ark", &members->ark },
    };

    for (size_t i = 0; i < ELEMENTSOF(certificates); i++) {
        int r = add_certificate(endorsements, findings, certificates[i].name,
                                VIEW(*certificates[i].bytes));
        if (r < 0)
            return r;
    }
    return add_crl(endorsements, findings, VIEW(members->crl));
}

int endorsements_gather(const EndorsementInput *input, Findings *findings, Endorsements *ret)
{
    _cleanup_endorsements_ Endorsements endorsements = { 0 };

    int r = add_table(&endorsements, findings, VIEW(input->evidence->cpu.auxblob));
    if (r >= 0)
        r = add_members(&endorsements, findings, &input->evidence->endorsements);
    for (size_t i = 0; i < input->n_certificates && r >= 0; i++)
        r = add_certificate(&endorsements, findings, "from elsewhere", input->certificates[i]);
    for (size_t i = 0; i < input->n_crls && r >= 0; i++)
        r = add_crl(&endorsements, findings, input->crls[i]);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(endorsements);
    return 0;
}

/* One DER element of TAG (X.690 8.1); RET_WHOLE includes its header. False: not there. */
static bool der_element(Reader *reader, uint8_t tag, ByteView *ret_whole, ByteView *ret_content)
{
    ByteView from = reader->left;
    size_t begin = reader->offset;
    bool is_tag = reader_u8(reader) == tag;
    uint64_t length = reader_u8(reader);

    if (length > 0x80 && length <= 0x83) {
        unsigned n = (unsigned)length & 3;
        for (length = 0; n > 0; n--)
            length = length << 8 | reader_u8(reader);
    } else if (length > 0x7f) {
        return false;
    }
    *ret_content = reader_view(reader, length);
    *ret_whole = (ByteView){ .data = from.data, .size = reader->offset - begin };
    return is_tag && reader_check(reader) == READER_OK;
}

int endorsement_signed_by_key(const Certificate *certificate, const Key *key)
{
    Reader outer = reader_over(certificate_der(certificate));
    ByteView whole, content, tbs, signature;

    if (!certificate_is_amd_signed(certificate))
        return ENDORSEMENT_E_SIGNATURE;
    /* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }, RFC 5280 4.1
     */
    if (!der_element(&outer, 0x30, &whole, &content))
        return ENDORSEMENT_E_SIGNATURE;
    Reader inner = reader_over(content);
    if (!der_element(&inner, 0x30, &tbs, &content) ||
        !der_element(&inner, 0x30, &whole, &content) ||
        !der_element(&inner, 0x03, &whole, &signature) || reader_end(&inner) != READER_OK)
        return ENDORSEMENT_E_SIGNATURE;
    if (signature.size < 1 || signature.data[0] != 0 /* unused bits */)
        return ENDORSEMENT_E_SIGNATURE;

    int r = signature_verify(key, SIGNATURE_RSAPSS, DIGEST_SHA384, tbs,
                             (ByteView){ .data = signature.data + 1, .size = signature.size - 1 });
    if (r < 0)
        return r;
    return r == SIGNATURE_OK ? ENDORSEMENT_OK : ENDORSEMENT_E_SIGNATURE;
}
