/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of attestd: read from attestd.conf and its drop-ins, completed from the trust file,
 * checked as a whole. attestctl shares it. Knows neither bus nor loop, and does not log.
 * docs/man/attestd.conf.5 is its contract.
 */
#pragma once

#include "base/clock.h"
#include "format/finding.h"

#define CONFIG_PATH_DEFAULT "/etc/attestd/attestd.conf"

#define CONFIG_KEYS_MAX      64           /* rows of config-table.c */
#define CONFIG_LIST_MAX      16           /* items of a list: URLs, pins, algorithms */
#define CONFIG_RULES_MAX     64           /* Require= lines */
#define CONFIG_RULE_MAX      512          /* bytes of one of them */
#define CONFIG_JWKS_MAX      (32 * 1024)  /* bytes of the token keys, compact */
#define CONFIG_VERIFIERS_MAX 8            /* [Verifier NAME] sections, enabled or not */
#define CONFIG_FILE_MAX      (256 * 1024) /* bytes of one configuration or trust file */
#define CONFIG_PEM_MAX       (128 * 1024) /* bytes of the CA certificates */

/* Owned texts. A zeroed struct is empty and valid. */
typedef struct Texts {
    char **items;
    size_t n_items;
} Texts;

/* [Evidence] */
typedef struct EvidenceConfig {
    char *source;
    char *device;
    char *configfs_directory;
    char *tcti;
    char *attestation_key;
    char *owner_authorization_file; /* path; NULL: the TPM's owner has none */
    char *pcr_bank;
    uint32_t pcrs; /* bit n: PCR n */
    char *event_log;
    char *userspace_log;
    char *preflight;
    char *azure_report_index; /* "0x01400001" */
    char *azure_user_data_index;
    char *azure_certificate_index;
    char *metadata_url; /* "none": nobody is asked */
    char *kds_url;      /* likewise */
} EvidenceConfig;

/* [Verifier NAME]. Texts are NULL or lists empty where nothing was set. */
typedef struct VerifierConfig {
    char *name;
    char *origin;   /* FILE:LINE of the section's first header */
    bool has_lines; /* a section without any is none: the packaged file has one to be filled */
    bool enabled;
    char *protocol;
    char *attestation_type; /* protocol maa only: "auto", "AzureGuest" */
    char *api_version;      /* protocol maa only; NULL: what goes with the type */
    char *trust;            /* path; NULL: no trust file */
    Texts urls;
    char *verifier_id;
    char *ca_certificates; /* path */
    Texts pins;
    char *client_certificate; /* path */
    char *client_key;         /* path; the agent opens it and never reads it */
    char *api_key_file;       /* path; likewise */
    char *proxy;              /* "": none */
    char *issuer;
    char *audience;
    char *keys; /* path */
    Texts algorithms;
    Texts require; /* "POINTER OPERATOR VALUE", each accepted by rule_parse() */
    uint64_t timeout_usec;
    bool accept_simulated;
    bool accept_host_tpm;

    /* Loaded from the trust file and the files named above; the enabled section only. */
    char *ca_pem;          /* NULL: the system's certificate authorities */
    json_t *token_keys;    /* a JWK set, public keys only */
    Texts simulated_roots; /* hex SHA-384 of ARK SubjectPublicKeyInfo */

    char *origins[CONFIG_KEYS_MAX]; /* by row of config-table.c: FILE:LINE, the trust file; NULL:
                                       the default */
} VerifierConfig;

/* [Schedule] */
typedef struct ScheduleConfig {
    uint64_t interval_usec;
    uint64_t randomized_delay_usec;
    uint64_t retry_min_usec;
    uint64_t retry_max_usec;
    uint64_t round_timeout_usec;
} ScheduleConfig;

/* [Secrets] */
typedef struct SecretsConfig {
    char *directory;        /* of the sealed files; attestd lists it and never reads in it */
    uint64_t wait_usec;     /* how long who asks may wait for a verdict; 0: not at all */
    bool wait_when_refused; /* also while the verifier has said no */
} SecretsConfig;

/* Is it Microsoft Azure Attestation? Its settings have defaults of their own. */
bool verifier_is_maa(const VerifierConfig *verifier);

typedef struct Config {
    EvidenceConfig evidence;
    ScheduleConfig schedule;
    SecretsConfig secrets;
    VerifierConfig verifiers[CONFIG_VERIFIERS_MAX];
    size_t n_verifiers;
    const VerifierConfig *verifier; /* the one enabled section; never NULL after loading */
    char *origins[CONFIG_KEYS_MAX]; /* rows of the other sections */
    Texts files;                    /* as read, in that order */
} Config;

Config *config_free(Config *config);
DEFINE_CLEANUP(Config *, config_free);

enum {
    CONFIG_OK,
    CONFIG_E_INVALID, /* the findings name every error: subject is FILE:LINE */
};

/*
 * Reads PATH, then its drop-ins PATH.d/NAME.conf in the order of NAME; what comes later wins. For a
 * PATH below /etc the same directory below /run and /usr/lib is read too, and a drop-in in /etc
 * hides one of the same name in /run, that one in /usr/lib. FINDINGS gains the errors, source
 * "agent". CONFIG_OK, CONFIG_E_INVALID or -ENOMEM; RET is untouched unless CONFIG_OK.
 */
_must_check_ int config_load(const char *path, Findings *findings, Config **ret);
/*
 * The same for who only looks: with CONFIG_E_INVALID, too, RET has what could be read, and defaults
 * for the rest; its verifier may be NULL or incomplete.
 */
_must_check_ int config_load_anyway(const char *path, Findings *findings, Config **ret);
/* The same with the drop-in directories named, strongest first. Tests use it. */
_must_check_ int config_load_from(const char *path, const char *const *directories,
                                  size_t n_directories, Findings *findings, Config **ret);
