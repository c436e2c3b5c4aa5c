/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim-chip: makes a simulated chip, shows its root, writes single reports.
 */
#include "base/encode.h"
#include "base/file.h"

#include "sim-chip.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "sim-chip init DIR [--product milan|genoa|turin] [--vlek] [--keys-from DIR]\n"
    "sim-chip roots DIR OUTDIR            writes ark.der, ask.der, vcek.der (asvk.der, vlek.der)\n"
    "sim-chip fingerprint DIR             prints SHA-384 of the ARK's SubjectPublicKeyInfo\n"
    "sim-chip table DIR SET OUT           SET: full, vcek, none, pem, oversize, hostile\n"
    "sim-chip report DIR [--report-data HEX] [--set NAME=VALUE]... OUT\n"
    "\n"
    "A simulated AMD chip that signs with its own root. For tests and the demo only.\n"
    "Fields for --set are those of SimReport in sim-chip.h, and tcb, signing_key, debug,\n"
    "mask_chip_id, product.\n";

static int complain(int r, const char *what)
{
    static const char *const reasons[] = {
        [SIM_OK] = "ok",
        [SIM_E_NAME] = "no such name",
        [SIM_E_VALUE] = "not a value for that field",
        [SIM_E_KEYS] = "no usable keys there",
    };
    if (r == SIM_OK)
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "sim-chip: %s: %s\n", what, r < 0 ? strerror(-r) : reasons[r]);
    return EXIT_FAILURE;
}

static int usage(void)
{
    (void)fputs(help, stderr);
    return 2;
}

static int verb_init(int argc, char **argv)
{
    static const struct option options[] = {
        { "product", required_argument, NULL, 'p' },
        { "vlek", no_argument, NULL, 'v' },
        { "keys-from", required_argument, NULL, 'k' },
        { 0 },
    };
    SimChipOptions wish = { .product = SIM_MILAN };

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
        if (c == 'v')
            wish.vlek = true;
        else if (c == 'k')
            wish.keys_from = optarg;
        else if (c != 'p' || sim_product_from_string(optarg, &wish.product) != SIM_OK)
            return usage();
    }
    if (argc - optind != 1)
        return usage();
    return complain(sim_chip_create(argv[optind], &wish), argv[optind]);
}

static int save_one(const SimChip *chip, const char *name, const char *directory)
{
    ByteView der = sim_chip_certificate(chip, name);
    _cleanup_free_ char *path = NULL;

    if (der.size == 0)
        return SIM_OK;
    if (asprintf(&path, "%s/%s.der", directory, name) < 0)
        return -ENOMEM;
    return file_write_atomic(path, der, 0644);
}

static int verb_roots(int argc, char **argv)
{
    static const char *const names[] = { "ark", "ask", "vcek", "asvk", "vlek" };
    _cleanup_(sim_chip_freep) SimChip *chip = NULL;

    if (argc != 3)
        return usage();
    int r = sim_chip_open(argv[1], &chip);
    if (r == SIM_OK && mkdir(argv[2], 0755) < 0 && errno != EEXIST)
        r = -errno;
    for (size_t i = 0; r == SIM_OK && i < ELEMENTSOF(names); i++)
        r = save_one(chip, names[i], argv[2]);
    return complain(r, argv[1]);
}

static int verb_fingerprint(int argc, char **argv)
{
    _cleanup_(sim_chip_freep) SimChip *chip = NULL;
    uint8_t digest[48];

    if (argc != 2)
        return usage();
    int r = sim_chip_open(argv[1], &chip);
    if (r == SIM_OK)
        r = sim_chip_fingerprint(chip, digest);
    if (r != SIM_OK)
        return complain(r, argv[1]);

    _cleanup_free_ char *hex = hex_encode(VIEW_OF_ARRAY(digest));
    if (!hex || puts(hex) < 0)
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

static int verb_table(int argc, char **argv)
{
    _cleanup_(sim_chip_freep) SimChip *chip = NULL;
    _cleanup_bytes_ Bytes table = { 0 };
    SimTableSet set = SIM_TABLE_FULL;

    if (argc != 4 || sim_table_set_from_string(argv[2], &set) != SIM_OK)
        return usage();
    int r = sim_chip_open(argv[1], &chip);
    if (r == SIM_OK)
        r = sim_chip_table(chip, set, sim_chip_signer(chip), (ByteView){ 0 }, &table);
    if (r == SIM_OK)
        r = file_write_atomic(argv[3], VIEW(table), 0644);
    return complain(r, argv[1]);
}

static int set_assignment(SimReport *report, const char *assignment)
{
    _cleanup_free_ char *name = strdup(assignment);
    if (!name)
        return -ENOMEM;

    char *equals = strchr(name, '=');
    if (!equals)
        return SIM_E_VALUE;
    *equals = 0;
    return sim_report_set(report, name, equals + 1);
}

static int parse_report_options(int argc, char **argv, SimReport *report)
{
    static const struct option options[] = {
        { "report-data", required_argument, NULL, 'd' },
        { "set", required_argument, NULL, 's' },
        { 0 },
    };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
        int r = SIM_E_NAME;
        if (c == 'd')
            r = sim_report_set(report, "report_data", optarg);
        else if (c == 's')
            r = set_assignment(report, optarg);
        if (r != SIM_OK)
            return complain(r, optarg ? optarg : "option");
    }
    return EXIT_SUCCESS;
}

static int verb_report(int argc, char **argv)
{
    _cleanup_(sim_chip_freep) SimChip *chip = NULL;
    uint8_t bytes[SIM_REPORT_SIZE];
    SimReport report;

    /* The directory comes first, so that fields start from what that chip says. */
    if (argc < 3)
        return usage();
    int r = sim_chip_open(argv[1], &chip);
    if (r != SIM_OK)
        return complain(r, argv[1]);
    sim_report_default(chip, &report);
    if (parse_report_options(argc - 1, argv + 1, &report) != EXIT_SUCCESS)
        return EXIT_FAILURE;
    if (argc - 1 - optind != 1)
        return usage();
    r = sim_report_emit(chip, &report, bytes);
    if (r == SIM_OK)
        r = file_write_atomic(argv[1 + optind], VIEW_OF_ARRAY(bytes), 0644);
    return complain(r, argv[1 + optind]);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } verbs[] = {
        { "init", verb_init },   { "roots", verb_roots },   { "fingerprint", verb_fingerprint },
        { "table", verb_table }, { "report", verb_report },
    };

    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return fputs(help, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    for (size_t i = 0; argc > 1 && i < ELEMENTSOF(verbs); i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    return usage();
}
