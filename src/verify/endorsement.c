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

/* What is being filled, and how. */
typedef struct Gathering {
    Endorsements *endorsements;
    Findings *findings;
    const AmdRoots *roots; /* NULL: every certificate is decoded */
} Gathering;

/* DER of BYTES, which may be PEM; OWN holds it then. CERTIFICATE_OK or a named no; errno. */
static int to_der(ByteView bytes, Bytes *own, ByteView *ret)
{
    if (bytes.data[0] == 0x30) {
        *ret = bytes;
        return CERTIFICATE_OK;
    }
    int r = certificate_pem_to_der(bytes, own);
    if (r == CERTIFICATE_OK)
        *ret = VIEW(*own);
    return r;
}

/* CERTIFICATE_OK sets RET, or leaves it NULL when it need not be looked at. */
static int decode(const Gathering *gathering, ByteView bytes, Certificate **ret)
{
    _cleanup_bytes_ Bytes own = { 0 };
    bool known = false;
    ByteView der;

    int r = to_der(bytes, &own, &der);
    if (r)
        return r;
    if (gathering->roots) {
        r = amd_roots_know(gathering->roots, der, &known);
        if (r < 0)
            return r;
    }
    if (known || is_known(gathering->endorsements, der))
        return CERTIFICATE_OK;
    return certificate_from_der(der, ret);
}

static int add_certificate(const Gathering *gathering, const char *name, ByteView bytes)
{
    _cleanup_(certificate_freep) Certificate *certificate = NULL;
    CertificateList *list = &gathering->endorsements->certificates;

    if (bytes.size == 0)
        return 0;
    if (list->n_items >= CERTIFICATE_LIST_MAX)
        return warn(gathering->findings, "snp-endorsement-unreadable", "cpu", NULL,
                    "more than %d certificates", CERTIFICATE_LIST_MAX);
    int r = decode(gathering, bytes, &certificate);
    if (r < 0)
        return r;
    if (r != CERTIFICATE_OK)
        return warn(gathering->findings, "snp-endorsement-unreadable", "cpu", NULL, "%s: %s", name,
                    certificate_reason(r));
    return certificate ? certificate_list_add(list, certificate) : 0;
}

static int add_crl(const Gathering *gathering, ByteView bytes)
{
    Endorsements *endorsements = gathering->endorsements;
    Crl *crl;

    if (endorsements->n_crls >= ENDORSEMENT_CRLS_MAX)
        return 0;
    int r = crl_parse(bytes, &crl);
    if (r < 0)
        return r;
    if (r != CRL_OK)
        return warn(gathering->findings, "snp-endorsement-unreadable", "cpu", NULL, "crl: %s",
                    crl_reason(r));
    endorsements->crls[endorsements->n_crls++] = crl;
    return 0;
}

static int add_table(const Gathering *gathering, const SnpCerts *certs)
{
    for (size_t i = 0; i < certs->n_items; i++) {
        const SnpCert *cert = &certs->items[i];
        int r = 0;
        if (cert->kind == SNP_CERT_CRL)
            r = add_crl(gathering, cert->content);
        else if (cert->kind != SNP_CERT_OTHER)
            r = add_certificate(gathering, snp_cert_kind_name(cert->kind), cert->content);
        if (r < 0)
            return r;
    }
    return 0;
}

static int add_members(const Gathering *gathering, const EvidenceEndorsements *members)
{
    const struct {
        const char *name;
        const Bytes *bytes;
    } certificates[] = {
        { "vcek", &members->vcek }, { "vlek", &members->vlek }, { "ask", &members->ask },
        { "asvk", &members->asvk }, { "ark", &members->ark },
    };

    for (size_t i = 0; i < ELEMENTSOF(certificates); i++) {
        int r = add_certificate(gathering, certificates[i].name, VIEW(*certificates[i].bytes));
        if (r < 0)
            return r;
    }
    return members->crl.size > 0 ? add_crl(gathering, VIEW(members->crl)) : 0;
}

int endorsements_gather(const EndorsementInput *input, Findings *findings, Endorsements *ret)
{
    _cleanup_endorsements_ Endorsements endorsements = { 0 };
    Gathering gathering = { .endorsements = &endorsements, .findings = findings };
    SnpCerts table = { 0 };
    int r = 0;

    if (snp_certs_parse(VIEW(input->evidence->cpu.auxblob), &table) != SNP_CERTS_OK)
        r = warn(findings, "snp-endorsement-unreadable", "cpu", NULL,
                 "the certificate table of the host");
    /* A revocation list names certificates by serial, so then they must be at hand. */
    if (input->n_crls == 0 && input->evidence->endorsements.crl.size == 0 &&
        !snp_certs_find(&table, SNP_CERT_CRL))
        gathering.roots = input->roots;
    /* There is room for so many: those of the caller come before those of the sender. */
    for (size_t i = 0; i < input->n_crls && r >= 0; i++)
        r = add_crl(&gathering, input->crls[i]);
    if (r >= 0)
        r = add_table(&gathering, &table);
    if (r >= 0)
        r = add_members(&gathering, &input->evidence->endorsements);
    for (size_t i = 0; i < input->n_certificates && r >= 0; i++)
        r = add_certificate(&gathering, "from elsewhere", input->certificates[i]);
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
