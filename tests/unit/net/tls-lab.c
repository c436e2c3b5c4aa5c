/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates made on the spot, and the server's life.
 */
#include "tls-lab.h"

#include "base/encode.h"
#include "testing.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define DAY_SEC (24L * 60 * 60)

typedef struct Identity {
    EVP_PKEY *key;
    X509 *certificate;
} Identity;

typedef struct Wish {
    const char *common_name;
    const char *names; /* subjectAltName; NULL: an authority */
    long from_sec;     /* relative to now */
    long until_sec;
} Wish;

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    check(extension && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static Identity make_identity(const Wish *wish, const Identity *issuer)
{
    static long serial = 1;
    Identity made = { .key = EVP_EC_gen("P-256"), .certificate = X509_new() };
    X509 *x = made.certificate;

    check(made.key && x);
    check(X509_set_version(x, X509_VERSION_3) == 1);
    check(ASN1_INTEGER_set(X509_get_serialNumber(x), serial++) == 1);
    check(X509_gmtime_adj(X509_getm_notBefore(x), wish->from_sec) != NULL);
    check(X509_gmtime_adj(X509_getm_notAfter(x), wish->until_sec) != NULL);
    check(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                     (const unsigned char *)wish->common_name, -1, -1, 0) == 1);
    X509 *signer = issuer ? issuer->certificate : x;
    check(X509_set_issuer_name(x, X509_get_subject_name(signer)) == 1);
    check(X509_set_pubkey(x, made.key) == 1);
    add_extension(x, signer, NID_basic_constraints, wish->names ? "CA:FALSE" : "critical,CA:TRUE");
    if (wish->names)
        add_extension(x, signer, NID_subject_alt_name, wish->names);
    check(X509_sign(x, issuer ? issuer->key : made.key, EVP_sha256()) > 0);
    return made;
}

static void identity_done(Identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
}

static Bytes pem_of(const Identity *identity, bool of_key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    Bytes pem = { 0 };

    check(bio != NULL);
    if (of_key)
        check(PEM_write_bio_PrivateKey(bio, identity->key, NULL, NULL, 0, NULL, NULL) == 1);
    else
        check(PEM_write_bio_X509(bio, identity->certificate) == 1);
    long size = BIO_get_mem_data(bio, &data);
    check(bytes_copy((ByteView){ .data = (uint8_t *)data, .size = (size_t)size }, &pem) == 0);
    BIO_free(bio);
    return pem;
}

static void write_file(const TlsLab *lab, const char *name, const char *suffix, Bytes content)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s.%s", lab->directory, name, suffix);
    check(file_write_atomic(path, VIEW(content), 0600) == 0);
    bytes_done(&content);
}

static void write_identity(const TlsLab *lab, const char *name, const Identity *identity)
{
    write_file(lab, name, "crt", pem_of(identity, false));
    write_file(lab, name, "key", pem_of(identity, true));
}

static char *pin_of(const Identity *identity)
{
    unsigned char *der = NULL, digest[32];
    char *pin = NULL;
    int size = i2d_PUBKEY(identity->key, &der);

    check(size > 0 && EVP_Digest(der, (size_t)size, digest, NULL, EVP_sha256(), NULL) == 1);
    _cleanup_free_ char *text = base64_encode(VIEW_OF_ARRAY(digest));
    check(text && asprintf(&pin, "sha256//%s", text) > 0);
    OPENSSL_free(der);
    return pin;
}

static void make_certificates(TlsLab *lab)
{
    static const char here[] = "IP:127.0.0.1,IP:::1,DNS:localhost";
    const Wish authority = { "test authority", NULL, -DAY_SEC, DAY_SEC };
    const Wish other = { "other authority", NULL, -DAY_SEC, DAY_SEC };
    const Wish good = { "good", here, -DAY_SEC, DAY_SEC };
    const Wish expired = { "expired", here, -2 * DAY_SEC, -DAY_SEC };
    const Wish ending = { "ending", here, -10 * DAY_SEC, DAY_SEC / 2 };
    const Wish fading = { "fading authority", NULL, -10 * DAY_SEC, DAY_SEC / 2 };
    const Wish early = { "early", here, DAY_SEC, 2 * DAY_SEC };
    const Wish elsewhere = { "elsewhere", "DNS:elsewhere.example", -DAY_SEC, DAY_SEC };
    const Wish client = { "client", "DNS:client.example", -DAY_SEC, DAY_SEC };
    Identity ca = make_identity(&authority, NULL), other_ca = make_identity(&other, NULL);
    Identity fading_ca = make_identity(&fading, NULL);
    const struct {
        const char *name;
        Identity identity;
    } leaves[] = {
        { "good", make_identity(&good, &ca) },
        { "expired", make_identity(&expired, &ca) },
        { "elsewhere", make_identity(&elsewhere, &ca) },
        { "client", make_identity(&client, &ca) },
        { "foreign", make_identity(&client, &other_ca) },
        { "early", make_identity(&early, &ca) },
        { "ending", make_identity(&ending, &ca) },
        { "faded", make_identity(&good, &fading_ca) },
    };

    lab->ca_pem = (char *)pem_of(&ca, false).data;
    lab->other_pem = (char *)pem_of(&other_ca, false).data;
    lab->fading_pem = (char *)pem_of(&fading_ca, false).data;
    lab->ending_certificate = pem_of(&leaves[6].identity, false);
    lab->ending_key = pem_of(&leaves[6].identity, true);
    lab->pin = pin_of(&leaves[0].identity);
    lab->client_certificate = pem_of(&leaves[3].identity, false);
    lab->client_key = pem_of(&leaves[3].identity, true);
    lab->foreign_certificate = pem_of(&leaves[4].identity, false);
    lab->foreign_key = pem_of(&leaves[4].identity, true);
    write_identity(lab, "ca", &ca);
    for (size_t i = 0; i < ELEMENTSOF(leaves); i++) {
        Identity leaf = leaves[i].identity;
        write_identity(lab, leaves[i].name, &leaf);
        identity_done(&leaf);
    }
    identity_done(&ca);
    identity_done(&other_ca);
    identity_done(&fading_ca);
}

/* The server prints its ports as one JSON line once all its sockets listen. */
static void read_ports(TlsLab *lab, int fd)
{
    char line[2048];
    size_t n = 0;

    while (n < sizeof(line) && (n == 0 || line[n - 1] != '\n')) {
        check(read(fd, line + n, 1) == 1);
        n++;
    }
    check_int(json_parse((ByteView){ (const uint8_t *)line, n }, sizeof(line), &lab->ports), 0);
}

void tls_lab_start(TlsLab *lab)
{
    int in[2], out[2];

    *lab = (TlsLab){ .directory = "/tmp/attestd-tls-lab.XXXXXX" };
    check(mkdtemp(lab->directory) != NULL);
    make_certificates(lab);

    check(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    lab->pid = fork();
    check(lab->pid >= 0);
    if (lab->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)execlp("python3", "python3", "-W", "ignore", BAD_SERVER, lab->directory,
                     (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    lab->stdin_fd = in[1];
    read_ports(lab, out[0]);
    (void)close(out[0]);
}

static void remove_directory(const char *path)
{
    DIR *directory = opendir(path);

    check(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_name[0] != '.')
            check(unlinkat(dirfd(directory), entry->d_name, 0) == 0);
    (void)closedir(directory);
    check(rmdir(path) == 0);
}

void tls_lab_stop(TlsLab *lab)
{
    (void)close(lab->stdin_fd);
    (void)kill(lab->pid, SIGKILL);
    (void)waitpid(lab->pid, NULL, 0);
    remove_directory(lab->directory);
    json_decref(lab->ports);
    free(lab->ca_pem);
    free(lab->other_pem);
    free(lab->fading_pem);
    free(lab->pin);
    bytes_done(&lab->client_certificate);
    bytes_done(&lab->client_key);
    bytes_done(&lab->ending_certificate);
    bytes_done(&lab->ending_key);
    bytes_done(&lab->foreign_certificate);
    bytes_done(&lab->foreign_key);
}

char *tls_lab_url(const TlsLab *lab, const char *listener, const char *path)
{
    json_int_t port = json_integer_value(json_object_get(lab->ports, listener));
    const char *host = strcmp(listener, "ipv6") == 0 ? "[::1]" : "127.0.0.1";
    char *url = NULL;

    check(port > 0 && asprintf(&url, "https://%s:%d%s", host, (int)port, path) > 0);
    return url;
}
