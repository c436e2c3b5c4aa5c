/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verb of attestctl: what it is called, which options it takes, what runs it. One file each,
 * listed in main.c. A verb returns an exit class.
 */
#pragma once

#include "base/macro.h"

#define OPTION_TEXTS_MAX 32 /* as many names as a secret's header has room for */

/* The values of an option that may be given again. */
typedef struct OptionTexts {
    const char *items[OPTION_TEXTS_MAX];
    size_t n_items;
} OptionTexts;

typedef struct Verb Verb;

/* What was asked for. Every text is borrowed from the command line; NULL: not given. */
typedef struct Options {
    const Verb *verb;
    const char *argument;   /* behind the verb */
    char *const *arguments; /* all of them, of a verb that takes any number */
    size_t n_arguments;
    bool json;         /* --json */
    const char *color; /* --color=WHEN */

    const char *config;            /* --config=FILE */
    const char *gate;              /* --gate=NAME */
    const char *nonce;             /* --nonce=HEX */
    const char *out;               /* --out=FILE */
    const char *runtime_directory; /* --runtime-directory=DIR; never NULL */
    const char *state_directory;   /* --state-directory=DIR; never NULL */
    const char *timeout;           /* --timeout=SECONDS */
    const char *trust;             /* --trust=FILE */
    const char *vtpm_root;         /* --vtpm-root=WHAT */
    const char *vtpm_ca;           /* --vtpm-ca=FILE */
    const char *worker;            /* --worker=FILE */
    OptionTexts who;               /* --for=WHO … */
    bool accept_host_tpm;          /* --accept-host-tpm */
    bool accept_unchecked_vtpm;    /* --accept-unchecked-vtpm */

    bool all;                     /* --all */
    const char *api_version;      /* --api-version=VERSION */
    OptionTexts binds;            /* --bind=WHAT … */
    const char *cap_pcr;          /* --cap-pcr[=PCR]; "": given without */
    const char *client_id;        /* --client-id=UUID */
    const char *file;             /* --file=FILE */
    bool force;                   /* --force */
    const char *gate_kind;        /* --kind=KIND */
    const char *key;              /* --key=FILE */
    const char *key_url;          /* --key-url=URL */
    const char *next_release_key; /* --next-release-key=FILE */
    bool no_ticket;               /* --no-ticket */
    const char *on_change;        /* --on-change=WHAT */
    const char *on_loss;          /* --on-loss=WHAT */
    OptionTexts paravisors;       /* --paravisor=KIND:HEX … */
    OptionTexts pcr_values;       /* --pcr=PCR=HEX … */
    const char *recovery_key;     /* --recovery-key=FILE */
    const char *resource;         /* --resource=URL */
    bool reveal;                  /* --reveal */
    bool rollback_counter;        /* --rollback-counter */
    const char *vault_ca;         /* --vault-ca=FILE */
    const char *verifier;         /* --verifier=URL */

    const char *device;        /* --device=DEVICE */
    const char *fstype;        /* --fstype=TYPE */
    const char *group;         /* --group=GROUP */
    const char *header;        /* --header=WHAT */
    const char *mode;          /* --mode=OCTAL */
    const char *mount;         /* --mount=DIR */
    const char *mount_options; /* --options=LIST */
    const char *owner;         /* --owner=USER */
    const char *path;          /* --path=PATH */
    const char *root;          /* --root=DIR */

    OptionTexts certificates; /* --cert=FILE … */
    OptionTexts crls;         /* --crl=FILE … */
    const char *ak;           /* --ak=FILE */
    const char *at;           /* --at=TIME */
    const char *attest;       /* --attest=FILE */
    const char *jwks;         /* --jwks=FILE */
    const char *log;          /* --log=FILE */
    const char *pcrs;         /* --pcrs=FILE; of gate add, --pcrs=LIST */
    const char *policy;       /* --policy=FILE */
    const char *quote;        /* --quote=FILE */
    const char *report;       /* --report=FILE */
    const char *report_data;  /* --report-data=HEX */
    const char *roots;        /* --roots=DIR */
    const char *signature;    /* --signature=FILE */
    const char *token;        /* --token=FILE */

    bool fetch;         /* --fetch */
    const char *cache;  /* --cache=DIR */
    const char *kds;    /* --kds=URL */
    const char *kds_ca; /* --kds-ca=FILE */
} Options;

typedef enum OptionKind {
    OPTION_FLAG,  /* --json: a bool */
    OPTION_TEXT,  /* --nonce=HEX: the last one counts */
    OPTION_ONE,   /* the same; a second one is an error */
    OPTION_MAYBE, /* --cap-pcr or --cap-pcr=13: the text is "" without */
    OPTION_TEXTS, /* --for=WHO: an OptionTexts */
} OptionKind;

typedef struct Option {
    const char *name; /* without the dashes; NULL ends the list */
    OptionKind kind;
    size_t offset;     /* in Options */
    const char *value; /* "FILE"; NULL of a flag */
    const char *help;  /* a line of at most 60 characters */
    bool is_required;
    int item; /* of <attest/input.h>, when this gives one: VALUE is "FILE" or "HEX" */
} Option;

/* The rows of an option list; tests/check/manuals looks for them. */
#define FLAG_OPTION(name_, member_, help_)                                                         \
    {                                                                                              \
        .name = (name_), .offset = offsetof(Options, member_), .help = (help_)                     \
    }
#define TEXT_OPTION(name_, member_, value_, help_)                                                 \
    {                                                                                              \
        .name = (name_), .kind = OPTION_TEXT, .offset = offsetof(Options, member_),                \
        .value = (value_), .help = (help_)                                                         \
    }
#define NEEDED_OPTION(name_, member_, value_, help_)                                               \
    {                                                                                              \
        .name = (name_), .kind = OPTION_TEXT, .offset = offsetof(Options, member_),                \
        .value = (value_), .help = (help_), .is_required = true                                    \
    }
#define MAYBE_OPTION(name_, member_, value_, help_)                                                \
    {                                                                                              \
        .name = (name_), .kind = OPTION_MAYBE, .offset = offsetof(Options, member_),               \
        .value = (value_), .help = (help_)                                                         \
    }
#define LIST_OPTION(name_, member_, value_, help_)                                                 \
    {                                                                                              \
        .name = (name_), .kind = OPTION_TEXTS, .offset = offsetof(Options, member_),               \
        .value = (value_), .help = (help_)                                                         \
    }

struct Verb {
    const char *name;      /* NULL ends the list */
    const char *form;      /* "add" or "file add", the words behind it; NULL: none */
    bool is_default;       /* the form that is meant when none is given */
    const char *argument;  /* "NAME"; NULL: none. One that is named is needed */
    bool takes_any_number; /* of such arguments, and none as well: they are in ->arguments */
    const char *help;      /* a line of at most 60 characters */
    int (*run)(const Options *options);
    const Option *options; /* besides --color, --help and --version; NULL: none */
    int kind;              /* of <attest/verify.h>, for verify */
};

extern const Verb verb_attest[];
extern const Verb verb_baseline[];
extern const Verb verb_config[];
extern const Verb verb_reload[];
extern const Verb verb_doctor[];
extern const Verb verb_evidence[];
extern const Verb verb_explain[];
extern const Verb verb_gate[];
extern const Verb verb_hold[];
extern const Verb verb_inspect[];
extern const Verb verb_loss[];
extern const Verb verb_policy[];
extern const Verb verb_recover[];
extern const Verb verb_reseal[];
extern const Verb verb_seal[];
extern const Verb verb_secrets[];
extern const Verb verb_status[];
extern const Verb verb_token[];
extern const Verb verb_verify[];
extern const Verb verb_version[];
extern const Verb verb_volume[];
extern const Verb verb_wait[];
