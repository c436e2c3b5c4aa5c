/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue: the report of an Azure paravisor, and machines of Azure that have none.
 */
#include "format/catalog.h"

#define UNFIT  EXIT_CLASS_NOT_CONFIDENTIAL
#define DEVICE EXIT_CLASS_NOT_ATTESTED

static const CatalogEntry entries[] = {

    /* The paravisor of an Azure confidential VM; subject is "cpu", "vtpm" or "azure". */
    { "azure-trusted-launch",
      "this VM of Azure has a vTPM of its host and no hardware report: Trusted Launch, which is "
      "no confidential VM",
      "create the VM with securityType ConfidentialVM, of a DC or EC size; or set Source=tpm, "
      "where "
      "the host's word is enough",
      UNFIT },
    { "azure-plain-vm",
      "this VM of Azure has neither a hardware report nor the vTPM of Trusted Launch",
      "create the VM with securityType ConfidentialVM, of a DC or EC size; where it is one, look "
      "whether /dev/tpmrm0 is there",
      UNFIT },
    { "azure-not-azure", "no VM of Azure: the TPM has no report of a paravisor",
      "set Source=auto, or AzureReportIndex= to where the paravisor's report is", UNFIT },
    { "azure-report-missing", "the paravisor's report has gone, or was never written",
      "restart the VM: the paravisor writes a report when it starts", DEVICE },
    { "azure-report-unreadable", "the TPM does not let the paravisor's report be read",
      "follow the TPM's own words; restart the VM when they stay", DEVICE },
    { "azure-owner-authorization",
      "the TPM's owner hierarchy has an authorisation, and the paravisor's indices are the owner's",
      "take it away again (tpm2_changeauth -c owner): on Azure owner and endorsement authorisation "
      "have to stay empty, else the paravisor cannot make its keys either",
      DEVICE },
    { "azure-report-malformed", "what stands in the paravisor's index is not a report that we know",
      "look at it with attestctl inspect; a new kind of report needs a new attestd", DEVICE },
    { "azure-ak-missing",
      "the paravisor's attestation key is not there, or its claims have zeros in its place",
      "take authorisations of owner and endorsement hierarchy away (tpm2_changeauth), then "
      "restart the VM",
      DEVICE },
    /* CVE-2025-49707: root of the guest could plant a key at the handle of the paravisor's. */
    { "azure-ak-foreign",
      "the key that would quote is not the one that the paravisor names in its report",
      "set AttestationKey=auto; with that, find out who put another key at 0x81000003, then "
      "restart the VM, since the paravisor makes its key anew when it starts",
      DEVICE },
    { "azure-user-data-unwritable", "the TPM does not take what the report is to be made for",
      "see who keeps the index of AzureUserDataIndex= (tpm2_nvreadpublic 0x01400002), and remove "
      "it with tpm2_nvundefine where the owner may",
      DEVICE },
    /* Removed and defined again with 64 bytes; what it held is gone. */
    { "azure-user-data-redefined",
      "the index for user data was of another shape, and was made anew",
      "see which other software defines 0x01400002, with less than 64 bytes or not for the owner",
      DEVICE },
    { "azure-user-data-unsupported",
      "this paravisor is too old to repeat what the guest asks for: its report is not fresh, the "
      "quote of its vTPM is",
      "deallocate and start the VM, so that it gets a newer host", DEVICE },
    { "azure-report-stale", "the paravisor's report is still for another request, each time",
      "see what else attests on this machine and asks for reports more often than every two "
      "seconds; deallocate and start the VM when nothing does",
      DEVICE },
    { "azure-report-torn", "another process has a report made whenever this one is being read",
      "see what else attests on this machine and reads NV index 0x01400001; let it ask less often",
      DEVICE },
    { "azure-ak-certificate-placeholder",
      "Azure has not issued the certificate of the attestation key yet",
      "wait some minutes; a "
      "hardware report does without it",
      DEVICE },
    { "azure-ak-certificate-other",
      "the certificate in the TPM is not of the attestation key that quotes, so it is left out",
      "wait some minutes after a first start; restart the VM when it stays", DEVICE },
    /* The paravisor renews it by itself; on Trusted Launch Microsoft's client does. */
    { "azure-ak-certificate-expiring",
      "the certificate of the attestation key ends within 14 days and was not renewed",
      "restart the VM; on Trusted Launch let Microsoft's Guest Attestation extension renew it",
      DEVICE },
};

const CatalogTable catalog_azure = { entries, ELEMENTSOF(entries) };
