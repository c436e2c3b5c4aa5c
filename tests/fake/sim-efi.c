/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UEFI structures, field by field (UEFI 2.10; PFP 10.2 for the event forms).
 */
#include "sim-efi.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>

#define FAILED                (-ENOTRECOVERABLE)
#define CERTIFICATE_DATE      INT64_C(1577836800) /* 2020-01-01 */
#define CERTIFICATE_LIFETIME  INT64_C(946080000)  /* seconds: 30 years */
#define GPT_ENTRY_SIZE        128u
#define GPT_HEADER_SIZE       92u
#define LOAD_OPTION_ACTIVE    1u
#define SIGNATURE_LIST_HEADER 28u /* bytes: GUID and three u32 */

DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free);
DEFINE_CLEANUP(X509 *, X509_free);

/* 8be4df61-93ca-11d2-aa0d-00e098032b8c */
const uint8_t sim_efi_global_variable[SIM_GUID_SIZE] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93,
                                                         0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0,
                                                         0x98, 0x03, 0x2b, 0x8c };
/* d719b2cb-3d3a-4596-a3bc-dad00e67656f */
const uint8_t sim_efi_security_database[SIM_GUID_SIZE] = { 0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d,
                                                           0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0,
                                                           0x0e, 0x67, 0x65, 0x6f };
/* 605dab50-e046-4300-abb6-3dd810dd8b23 */
const uint8_t sim_efi_shim_lock[SIM_GUID_SIZE] = { 0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43,
                                                   0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23 };
/* 77fa9abd-0359-4d32-bd60-28f4e78f784b */
const uint8_t sim_efi_owner[SIM_GUID_SIZE] = { 0xbd, 0x9a, 0xfa, 0x77, 0x59, 0x03, 0x32, 0x4d,
                                               0xbd, 0x60, 0x28, 0xf4, 0xe7, 0x8f, 0x78, 0x4b };
/* a5c059a1-94e4-4aa7-87b5-ab155c2bf072 */
static const uint8_t type_x509[SIM_GUID_SIZE] = { 0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
                                                  0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72 };
/* c1c41626-504c-4092-aca9-41f936934328 */
static const uint8_t type_sha256[SIM_GUID_SIZE] = {
    0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28
};
/* c12a7328-f81f-11d2-ba4b-00a0c93ec93b */
static const uint8_t partition_efi[SIM_GUID_SIZE] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8,
                                                      0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0,
                                                      0xc9, 0x3e, 0xc9, 0x3b };
/* 0fc63daf-8483-4772-8e79-3d69d8477de4 */
static const uint8_t partition_linux[SIM_GUID_SIZE] = { 0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84,
                                                        0x72, 0x47, 0x8e, 0x79, 0x3d, 0x69,
                                                        0xd8, 0x47, 0x7d, 0xe4 };

static int append_guid(Bytes *out, const uint8_t guid[static SIM_GUID_SIZE])
{
    return bytes_append(out, (ByteView){ .data = guid, .size = SIM_GUID_SIZE });
}

int sim_efi_utf16(const char *text, bool terminated, Bytes *ret)
{
    int r = 0;

    for (; r == 0 && *text; text++)
        r = bytes_append_le16(ret, (uint8_t)*text);
    return r == 0 && terminated ? bytes_append_le16(ret, 0) : r;
}

int sim_efi_variable(const uint8_t guid[static SIM_GUID_SIZE], const char *name, ByteView value,
                     Bytes *ret)
{
    int r = append_guid(ret, guid);

    if (r == 0)
        r = bytes_append_le64(ret, strlen(name)); /* characters, without a NUL */
    if (r == 0)
        r = bytes_append_le64(ret, value.size);
    if (r == 0)
        r = sim_efi_utf16(name, false, ret);
    return r == 0 ? bytes_append(ret, value) : r;
}

static int fill_certificate(X509 *certificate, const char *common_name, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(certificate); /* borrowed */

    if (X509_set_version(certificate, X509_VERSION_3) != 1 ||
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), 1) != 1 ||
        !ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)CERTIFICATE_DATE) ||
        !ASN1_TIME_set(X509_getm_notAfter(certificate),
                       (time_t)(CERTIFICATE_DATE + CERTIFICATE_LIFETIME)) ||
        X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
                                   (const unsigned char *)common_name, -1, -1, 0) != 1 ||
        X509_set_issuer_name(certificate, name) != 1 || X509_set_pubkey(certificate, key) != 1 ||
        X509_sign(certificate, key, NULL) <= 0)
        return FAILED;
    return 0;
}

/* Ed25519, because key and signature follow from the seed: the log is the same at every boot. */
int sim_efi_certificate(const char *common_name, Bytes *ret)
{
    uint8_t seed[32];
    unsigned char *der = NULL;

    (void)SHA256((const uint8_t *)common_name, strlen(common_name), seed);
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
    _cleanup_(X509_freep) X509 *certificate = X509_new();
    if (!key || !certificate || fill_certificate(certificate, common_name, key) < 0)
        return FAILED;

    int size = i2d_X509(certificate, &der);
    if (size <= 0)
        return FAILED;
    int r = bytes_append(ret, (ByteView){ .data = der, .size = (size_t)size });
    OPENSSL_free(der);
    return r;
}

int sim_efi_signature(ByteView data, Bytes *ret)
{
    int r = append_guid(ret, sim_efi_owner);
    return r == 0 ? bytes_append(ret, data) : r;
}

static int append_list_header(const uint8_t type[static SIM_GUID_SIZE], size_t n,
                              size_t signature_size, Bytes *ret)
{
    int r = append_guid(ret, type);

    if (r == 0)
        r = bytes_append_le32(ret, (uint32_t)(SIGNATURE_LIST_HEADER + n * signature_size));
    if (r == 0)
        r = bytes_append_le32(ret, 0);
    return r == 0 ? bytes_append_le32(ret, (uint32_t)signature_size) : r;
}

int sim_efi_certificate_list(const char *common_name, Bytes *ret)
{
    _cleanup_bytes_ Bytes certificate = { 0 };

    int r = sim_efi_certificate(common_name, &certificate);
    if (r == 0)
        r = append_list_header(type_x509, 1, SIM_GUID_SIZE + certificate.size, ret);
    return r == 0 ? sim_efi_signature(VIEW(certificate), ret) : r;
}

int sim_efi_hash_list(unsigned n, Bytes *ret)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];

    int r = append_list_header(type_sha256, n, SIM_GUID_SIZE + sizeof(digest), ret);
    for (unsigned i = 0; r == 0 && i < n; i++) {
        const uint8_t image[] = { 'd', 'b', 'x', (uint8_t)(i >> 8), (uint8_t)i };
        (void)SHA256(image, sizeof(image), digest);
        r = sim_efi_signature(VIEW_OF_ARRAY(digest), ret);
    }
    return r;
}

/* ACPI PciRoot(0), PCI device 3 function 0, GPT partition 1. */
static int append_disk_path(Bytes *ret)
{
    static const uint8_t hardware[] = { 0x02, 0x01, 0x0c, 0x00, 0xd0, 0x41, 0x03, 0x0a, 0x00,
                                        0x00, 0x00, 0x00, 0x01, 0x01, 0x06, 0x00, 0x00, 0x03 };
    static const uint8_t drive[] = { 0x04, 0x01, 0x2a, 0x00 };
    static const uint8_t formats[] = { 0x02, 0x02 }; /* GPT, GUID signature */

    int r = bytes_append(ret, VIEW_OF_ARRAY(hardware));
    if (r == 0)
        r = bytes_append(ret, VIEW_OF_ARRAY(drive));
    if (r == 0)
        r = bytes_append_le32(ret, 1);
    if (r == 0)
        r = bytes_append_le64(ret, 2048);
    if (r == 0)
        r = bytes_append_le64(ret, 131072);
    if (r == 0)
        r = append_guid(ret, sim_efi_owner);
    return r == 0 ? bytes_append(ret, VIEW_OF_ARRAY(formats)) : r;
}

int sim_efi_device_path(const char *file, bool whole, Bytes *ret)
{
    static const uint8_t end[] = { 0x7f, 0xff, 0x04, 0x00 };
    static const uint8_t file_node[] = { 0x04, 0x04 };
    int r = whole ? append_disk_path(ret) : 0;

    if (r == 0)
        r = bytes_append(ret, VIEW_OF_ARRAY(file_node));
    if (r == 0)
        r = bytes_append_le16(ret, (uint16_t)(4 + 2 * (strlen(file) + 1)));
    if (r == 0)
        r = sim_efi_utf16(file, true, ret);
    return r == 0 ? bytes_append(ret, VIEW_OF_ARRAY(end)) : r;
}

int sim_efi_image_load(uint64_t address, uint64_t length, ByteView device_path, Bytes *ret)
{
    const uint64_t numbers[] = { address, length, 0, device_path.size };
    int r = 0;

    for (size_t i = 0; r == 0 && i < ELEMENTSOF(numbers); i++)
        r = bytes_append_le64(ret, numbers[i]);
    return r == 0 ? bytes_append(ret, device_path) : r;
}

int sim_efi_load_option(const char *description, const char *file, Bytes *ret)
{
    _cleanup_bytes_ Bytes path = { 0 };

    int r = sim_efi_device_path(file, true, &path);
    if (r == 0)
        r = bytes_append_le32(ret, LOAD_OPTION_ACTIVE);
    if (r == 0)
        r = bytes_append_le16(ret, (uint16_t)path.size);
    if (r == 0)
        r = sim_efi_utf16(description, true, ret);
    return r == 0 ? bytes_append(ret, VIEW(path)) : r;
}

static int append_gpt_header(Bytes *ret)
{
    static const uint8_t signature[] = { 'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T' };
    const uint32_t words[] = { 0x00010000, GPT_HEADER_SIZE, 0, 0 };
    const uint64_t blocks[] = { 1, 4194303, 2048, 4194270 };
    const uint32_t table[] = { 128, GPT_ENTRY_SIZE, 0 };

    int r = bytes_append(ret, VIEW_OF_ARRAY(signature));
    for (size_t i = 0; r == 0 && i < ELEMENTSOF(words); i++)
        r = bytes_append_le32(ret, words[i]);
    for (size_t i = 0; r == 0 && i < ELEMENTSOF(blocks); i++)
        r = bytes_append_le64(ret, blocks[i]);
    if (r == 0)
        r = append_guid(ret, sim_efi_owner);
    if (r == 0)
        r = bytes_append_le64(ret, 2);
    for (size_t i = 0; r == 0 && i < ELEMENTSOF(table); i++)
        r = bytes_append_le32(ret, table[i]);
    return r;
}

static int append_partition(const uint8_t type[static SIM_GUID_SIZE], uint64_t first, uint64_t last,
                            const char *name, Bytes *ret)
{
    const size_t end = ret->size + GPT_ENTRY_SIZE;

    int r = append_guid(ret, type);
    if (r == 0)
        r = append_guid(ret, sim_efi_owner);
    if (r == 0)
        r = bytes_append_le64(ret, first);
    if (r == 0)
        r = bytes_append_le64(ret, last);
    if (r == 0)
        r = bytes_append_le64(ret, 0);
    if (r == 0)
        r = sim_efi_utf16(name, false, ret);
    while (r == 0 && ret->size < end)
        r = bytes_append_u8(ret, 0);
    return r;
}

int sim_efi_gpt(Bytes *ret)
{
    int r = append_gpt_header(ret);

    if (r == 0)
        r = bytes_append_le64(ret, 2);
    if (r == 0)
        r = append_partition(partition_efi, 2048, 133119, "EFI system", ret);
    return r == 0 ? append_partition(partition_linux, 133120, 4194270, "root", ret) : r;
}
