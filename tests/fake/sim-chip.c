/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated chip's directory: keys made once, certificates from them, both loaded again.
 */
#include "sim-chip.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"

#include "sim-x509.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define FAILED            (-ENOTRECOVERABLE)
#define CERTIFICATE_LIMIT 8192u /* bytes; the largest made here has 1.7 KiB */
#define SETTINGS_LIMIT    4096u /* bytes of chip.json */
#define SECONDS_PER_DAY   INT64_C(86400)
#define DEFAULT_CSP_ID    "CN=cc-lab.example"

DEFINE_CLEANUP(X509 *, X509_free);

typedef enum Part { PART_ARK, PART_ASK, PART_VCEK, PART_ASVK, PART_VLEK, N_PARTS } Part;

static const char *const part_names[N_PARTS] = {
    [PART_ARK] = "ark",   [PART_ASK] = "ask",   [PART_VCEK] = "vcek",
    [PART_ASVK] = "asvk", [PART_VLEK] = "vlek",
};

struct SimChip {
    SimProduct product;
    bool vlek;
    char *csp_id;
    uint8_t chip_id[64];
    EVP_PKEY *keys[N_PARTS];
    Bytes certificates[N_PARTS];
};

SimChip *sim_chip_free(SimChip *chip)
{
    if (!chip)
        return NULL;
    for (size_t i = 0; i < N_PARTS; i++) {
        EVP_PKEY_free(chip->keys[i]);
        bytes_done(&chip->certificates[i]);
    }
    free(chip->csp_id);
    free(chip);
    return NULL;
}

int sim_product_from_string(const char *text, SimProduct *ret)
{
    static const SimProduct products[] = { SIM_MILAN, SIM_GENOA, SIM_TURIN };

    for (size_t i = 0; i < ELEMENTSOF(products); i++)
        if (strcasecmp(text, sim_product_name(products[i])) == 0) {
            *ret = products[i];
            return SIM_OK;
        }
    return SIM_E_NAME;
}

/* Milan and Genoa chips have 64 bytes of hardware id, Turin 8. */
static size_t hardware_id_size(SimProduct product)
{
    return product == SIM_TURIN ? 8 : 64;
}

static int path_of(const char *directory, const char *name, const char *suffix, char **ret)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s%s", directory, name, suffix) < 0)
        return -ENOMEM;
    *ret = path;
    return SIM_OK;
}

static int load_key(const char *directory, Part part, EVP_PKEY **ret)
{
    _cleanup_free_ char *path = NULL;
    int r = path_of(directory, part_names[part], ".key", &path);
    return r == SIM_OK ? sim_key_load(path, ret) : r;
}

static int new_key(const char *directory, Part part, EVP_PKEY **ret)
{
    const bool leaf = part == PART_VCEK || part == PART_VLEK;
    _cleanup_(sim_key_freep) EVP_PKEY *key = NULL;
    _cleanup_free_ char *path = NULL;

    int r = path_of(directory, part_names[part], ".key", &path);
    if (r == SIM_OK)
        r = leaf ? sim_key_new_p384(&key) : sim_key_new_rsa4096(&key);
    if (r == SIM_OK)
        r = sim_key_save(key, path);
    if (r != SIM_OK)
        return r;
    *ret = TAKE_PTR(key);
    return SIM_OK;
}

/* The directory's own key, else the one of KEYS_FROM (authorities only), else a new one. */
static int obtain_key(const char *directory, const char *keys_from, Part part, EVP_PKEY **ret)
{
    const bool leaf = part == PART_VCEK || part == PART_VLEK;
    _cleanup_(sim_key_freep) EVP_PKEY *key = NULL;
    _cleanup_free_ char *path = NULL;

    int r = load_key(directory, part, ret);
    if (r != -ENOENT)
        return r;
    r = leaf || !keys_from ? -ENOENT : load_key(keys_from, part, &key);
    if (r == -ENOENT)
        return new_key(directory, part, ret);
    if (r != SIM_OK)
        return r;
    r = path_of(directory, part_names[part], ".key", &path);
    if (r == SIM_OK)
        r = sim_key_save(key, path);
    if (r == SIM_OK)
        *ret = TAKE_PTR(key);
    return r;
}

static int save_certificate(const SimChip *chip, const char *directory, Part part)
{
    _cleanup_free_ char *path = NULL;
    int r = path_of(directory, part_names[part], ".der", &path);
    return r == SIM_OK ? file_write_atomic(path, VIEW(chip->certificates[part]), 0644) : r;
}

static int make_certificate(SimChip *chip, Part part)
{
    EVP_PKEY *key = chip->keys[part], *ark = chip->keys[PART_ARK];
    Bytes *ret = &chip->certificates[part];
    SimLeaf leaf;

    switch (part) {
    case PART_ARK:
        return sim_authority_certificate(SIM_ARK, chip->product, key, ark, ret);
    case PART_ASK:
        return sim_authority_certificate(SIM_ASK, chip->product, key, ark, ret);
    case PART_ASVK:
        return sim_authority_certificate(SIM_ASVK, chip->product, key, ark, ret);
    case PART_VCEK:
        sim_leaf_default(chip, SIM_VCEK, &leaf);
        return sim_leaf_issue(chip, &leaf, ret);
    case PART_VLEK:
        sim_leaf_default(chip, SIM_VLEK, &leaf);
        return sim_leaf_issue(chip, &leaf, ret);
    case N_PARTS:
        break;
    }
    return SIM_E_NAME;
}

static size_t n_parts(bool vlek)
{
    return vlek ? N_PARTS : PART_ASVK;
}

static int save_settings(const SimChip *chip, const char *directory)
{
    _cleanup_free_ char *hex = hex_encode(VIEW_OF_ARRAY(chip->chip_id));
    _cleanup_free_ char *path = NULL;
    _cleanup_free_ char *text = NULL;
    _cleanup_(json_decrefp) json_t *settings = json_pack(
        "{s:i, s:s, s:b, s:s, s:s}", "sim_chip", 1, "product", sim_product_name(chip->product),
        "vlek", (int)chip->vlek, "csp_id", chip->csp_id, "chip_id", hex);

    if (!hex || !settings)
        return -ENOMEM;
    text = json_text(settings);
    if (!text)
        return -ENOMEM;
    int r = path_of(directory, "chip", ".json", &path);
    return r == SIM_OK ? file_write_atomic(path, view_of_string(text), 0644) : r;
}

static int parse_settings(SimChip *chip, const json_t *settings)
{
    const char *product = NULL, *csp_id = NULL, *hex = NULL;
    _cleanup_bytes_ Bytes chip_id = { 0 };

    if (json_get_string(settings, "product", &product) != JSON_OK ||
        json_get_string(settings, "csp_id", &csp_id) != JSON_OK ||
        json_get_string(settings, "chip_id", &hex) != JSON_OK ||
        json_get_bool(settings, "vlek", &chip->vlek) != JSON_OK ||
        sim_product_from_string(product, &chip->product) != SIM_OK ||
        hex_decode(hex, &chip_id) != ENCODE_OK || chip_id.size != sizeof(chip->chip_id))
        return SIM_E_KEYS;
    memcpy(chip->chip_id, chip_id.data, sizeof(chip->chip_id));
    chip->csp_id = strdup(csp_id);
    return chip->csp_id ? SIM_OK : -ENOMEM;
}

static int load_settings(SimChip *chip, const char *directory)
{
    _cleanup_free_ char *path = NULL;
    _cleanup_bytes_ Bytes text = { 0 };
    _cleanup_(json_decrefp) json_t *settings = NULL;

    int r = path_of(directory, "chip", ".json", &path);
    if (r == SIM_OK)
        r = file_read(path, SETTINGS_LIMIT, &text);
    if (r == SIM_OK)
        r = json_parse(VIEW(text), SETTINGS_LIMIT, &settings);
    if (r == -ENOENT || r > 0)
        return SIM_E_KEYS;
    return r < 0 ? r : parse_settings(chip, settings);
}

static int load_certificate(SimChip *chip, const char *directory, Part part)
{
    _cleanup_free_ char *path = NULL;
    int r = path_of(directory, part_names[part], ".der", &path);
    return r == SIM_OK ? file_read(path, CERTIFICATE_LIMIT, &chip->certificates[part]) : r;
}

int sim_chip_open(const char *directory, SimChip **ret)
{
    _cleanup_(sim_chip_freep) SimChip *chip = calloc(1, sizeof(*chip));

    if (!chip)
        return -ENOMEM;
    int r = load_settings(chip, directory);
    for (Part i = 0; r == SIM_OK && i < n_parts(chip->vlek); i++) {
        r = load_key(directory, i, &chip->keys[i]);
        if (r == SIM_OK)
            r = load_certificate(chip, directory, i);
    }
    if (r == -ENOENT)
        return SIM_E_KEYS;
    if (r == SIM_OK)
        *ret = TAKE_PTR(chip);
    return r;
}

/* Two that create at once must end with one set of keys. */
static int directory_lock(const char *directory, int *ret_fd)
{
    _cleanup_free_ char *path = NULL;

    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        return -errno;
    int r = path_of(directory, "chip", ".lock", &path);
    if (r != SIM_OK)
        return r;
    _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) < 0)
        return -errno;
    *ret_fd = TAKE_FD(fd);
    return SIM_OK;
}

static bool chip_is_as_wished(const char *directory, const SimChipOptions *options,
                              const char *csp_id)
{
    _cleanup_(sim_chip_freep) SimChip *chip = NULL;

    return sim_chip_open(directory, &chip) == SIM_OK && chip->product == options->product &&
           chip->vlek == options->vlek && strcmp(chip->csp_id, csp_id) == 0;
}

int sim_chip_create(const char *directory, const SimChipOptions *options)
{
    const char *csp_id = options->csp_id ? options->csp_id : DEFAULT_CSP_ID;
    _cleanup_close_ int lock = -EBADF;
    _cleanup_(sim_chip_freep) SimChip *chip = calloc(1, sizeof(*chip));

    if (!chip)
        return -ENOMEM;
    int r = directory_lock(directory, &lock);
    if (r != SIM_OK || chip_is_as_wished(directory, options, csp_id))
        return r;

    chip->product = options->product;
    chip->vlek = options->vlek;
    chip->csp_id = strdup(csp_id);
    if (!chip->csp_id)
        return -ENOMEM;
    if (RAND_bytes(chip->chip_id, (int)hardware_id_size(chip->product)) != 1)
        return FAILED;
    for (Part i = 0; r == SIM_OK && i < n_parts(chip->vlek); i++)
        r = obtain_key(directory, options->keys_from, i, &chip->keys[i]);
    for (Part i = 0; r == SIM_OK && i < n_parts(chip->vlek); i++) {
        r = make_certificate(chip, i);
        if (r == SIM_OK)
            r = save_certificate(chip, directory, i);
    }
    return r == SIM_OK ? save_settings(chip, directory) : r;
}

SimProduct sim_chip_product(const SimChip *chip)
{
    return chip->product;
}

bool sim_chip_has_vlek(const SimChip *chip)
{
    return chip->vlek;
}

SimSigner sim_chip_signer(const SimChip *chip)
{
    return chip->vlek ? SIM_VLEK : SIM_VCEK;
}

const uint8_t *sim_chip_id(const SimChip *chip)
{
    return chip->chip_id;
}

EVP_PKEY *sim_chip_signing_key(const SimChip *chip, SimSigner signer)
{
    return chip->keys[signer == SIM_VLEK ? PART_VLEK : PART_VCEK];
}

ByteView sim_chip_certificate(const SimChip *chip, const char *name)
{
    for (size_t i = 0; i < N_PARTS; i++)
        if (strcmp(part_names[i], name) == 0)
            return VIEW(chip->certificates[i]);
    return (ByteView){ 0 };
}

int sim_chip_fingerprint(const SimChip *chip, uint8_t ret[static 48])
{
    const Bytes *der = &chip->certificates[PART_ARK];
    const unsigned char *cursor = der->data;
    _cleanup_(X509_freep) X509 *ark = d2i_X509(NULL, &cursor, (long)der->size);
    unsigned char *spki = NULL;

    if (!ark)
        return SIM_E_KEYS;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(ark), &spki);
    if (size <= 0)
        return FAILED;
    (void)SHA384(spki, (size_t)size, ret);
    OPENSSL_free(spki);
    return SIM_OK;
}

void sim_leaf_default(const SimChip *chip, SimSigner signer, SimLeaf *ret)
{
    static const char *const vcek_names[] = {
        [SIM_MILAN] = "Milan-B0",
        [SIM_GENOA] = "Genoa",
        [SIM_TURIN] = "Turin",
    };
    const bool vlek = signer == SIM_VLEK;
    const int64_t today = (int64_t)time(NULL) / SECONDS_PER_DAY * SECONDS_PER_DAY;
    SimReport report;

    sim_report_default(chip, &report);
    *ret = (SimLeaf){
        .signer = signer,
        .product = chip->product,
        .tcb = report.reported_tcb,
        .hardware_id_size = vlek ? 0 : hardware_id_size(chip->product),
        .csp_id = vlek ? chip->csp_id : NULL,
        .product_name = vlek ? sim_product_name(chip->product) : vcek_names[chip->product],
        .struct_version = chip->product == SIM_TURIN ? 1 : 0,
        .not_before = today - SECONDS_PER_DAY,
        .not_after = today + (vlek ? 365 : 7 * 365) * SECONDS_PER_DAY,
    };
    if (!vlek)
        memcpy(ret->hardware_id, chip->chip_id, sizeof(ret->hardware_id));
}

int sim_leaf_issue(const SimChip *chip, const SimLeaf *leaf, Bytes *ret)
{
    const bool vlek = leaf->signer == SIM_VLEK;
    EVP_PKEY *key = sim_chip_signing_key(chip, leaf->signer);
    EVP_PKEY *issuer = chip->keys[vlek ? PART_ASVK : PART_ASK];

    if (!key || !issuer)
        return SIM_E_KEYS;
    return sim_leaf_certificate(leaf, key, issuer, ret);
}

int sim_chip_crl(const SimChip *chip, const char *revoked, int64_t this_update, int64_t next_update,
                 Bytes *ret)
{
    const int64_t dates[2] = { this_update, next_update };
    uint32_t serial = 0;

    if (revoked && strcmp(revoked, "ask") == 0)
        serial = sim_authority_serial(SIM_ASK, chip->product);
    else if (revoked && strcmp(revoked, "asvk") == 0)
        serial = sim_authority_serial(SIM_ASVK, chip->product);
    else if (revoked)
        return SIM_E_NAME;
    return sim_authority_crl(chip->product, serial, dates, chip->keys[PART_ARK], ret);
}
