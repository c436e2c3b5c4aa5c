/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The starter policy as text, so that the comments stand where a person reads them.
 */
#include "verifier/starter-policy.h"

#include <errno.h>
#include <stdio.h>

static const char head[] =
    "{\n"
    "  \"attestd_policy\": 1,\n"
    "  \"id\": \"starter-1\",\n"
    "  \"comment\": \"What a machine must be to be attested. docs/policy.md describes every member."
    " An absent member is not checked; an empty list matches nothing, so this policy refuses every"
    " machine until you fill measurements and rules. Let a machine you trust be refused once: the"
    " findings name each value found. Check with 'attest-verifier policy check FILE', see what it"
    " leaves open with 'attest-verifier policy explain FILE', make it count with SIGHUP, and change"
    " the id when you change the file.\",\n"
    "\n"
    "  \"hardware\": [\"snp\"],\n"
    "\n"
    "  \"snp\": {\n"
    "    \"comment\": \"The hardware report of SEV-SNP; for Intel TDX list tdx in hardware, beside"
    " or in place of snp, and describe it in an object tdx. debug and migration_agent mean that "
    "somebody else can"
    " read the memory.\",\n"
    "    \"products\": [\"Milan\", \"Genoa\", \"Turin\"],\n"
    "    \"debug\": false,\n"
    "    \"migration_agent\": false,\n"
    "    \"vmpl\": [0],\n"
    "    \"minimum_tcb\": {\n"
    "      \"comment\": \"Raise these to the firmware levels of AMD's bulletins; 0 is any.\",\n"
    "      \"Milan\": {\"boot_loader\": 0, \"tee\": 0, \"snp\": 0, \"microcode\": 0},\n"
    "      \"Genoa\": {\"boot_loader\": 0, \"tee\": 0, \"snp\": 0, \"microcode\": 0},\n"
    "      \"Turin\": {\"fmc\": 0, \"boot_loader\": 0, \"tee\": 0, \"snp\": 0, \"microcode\": 0}\n"
    "    },\n"
    "    \"measurements\": []\n"
    "  },\n"
    "\n"
    "  \"tpm\": {\n"
    "    \"comment\": \"What booted. roots: what may stand behind the vTPM; host means nothing but"
    " the host's word, and is for laboratories. paravisors: each {measurement} or {id_key_digest},"
    " or {mrtd} of TDX, of a paravisor you trust, for root paravisor. certificate_roots: PEM "
    "texts, for root"
    " certificate.\",\n"
    "    \"required\": true,\n"
    "    \"roots\": [\"paravisor\", \"svsm\", \"certificate\"],\n"
    "    \"bank\": \"sha256\",\n"
    "    \"pcrs\": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15],\n"
    "    \"secure_boot\": true,\n"
    "    \"paravisors\": [],\n"
    "    \"certificate_roots\": [],\n"
    "    \"rules\": [\n"
    "      {\"comment\": \"boot loader and kernel as UEFI applications\", \"pcr\": 4, \"values\":"
    " []},\n"
    "      {\"comment\": \"commands and kernel command line, by GRUB\", \"pcr\": 8, \"values\":"
    " []},\n"
    "      {\"comment\": \"kernel and initrd as read by GRUB; initrd by the kernel's loader\","
    " \"pcr\": 9, \"values\": []},\n"
    "      {\"comment\": \"sections of a unified kernel image\", \"pcr\": 11, \"values\": []},\n"
    "      {\"comment\": \"command line and extras of a unified kernel image\", \"pcr\": 12,"
    " \"values\": []}\n"
    "    ]\n"
    "  },\n"
    "\n"
    "  \"simulated_roots\": ";

static const char tail[] = ",\n"
                           "  \"gates\": []\n"
                           "}\n";

int starter_policy(json_t *roots, Bytes *ret)
{
    _cleanup_bytes_ Bytes text = { 0 };
    _cleanup_free_ char *array = json_dumps(roots, JSON_COMPACT);

    int r = array ? bytes_append(&text, view_of_string(head)) : -ENOMEM;
    if (r == 0)
        r = bytes_append(&text, view_of_string(array));
    if (r == 0)
        r = bytes_append(&text, view_of_string(tail));
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(text);
    return 0;
}
