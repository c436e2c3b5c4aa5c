#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sim-chip: what it makes stands up to plain openssl, for every product and both signing keys.
set -u
. "$(dirname "$0")/lab.sh"
lab_dir
lab_need openssl xxd sha384sum
cd "$LAB_DIR" || exit 1

pem() { # CERTIFICATE: from the roots' folder
    openssl x509 -inform DER -in "roots/$1.der" -out "$1.pem" || lab_fail "$1"
}

number() { # FILE OFFSET: 48 little-endian bytes as hex, most significant first
    xxd -s "$2" -l 48 -p -c 1 "$1" | tac | tr -d '\n'
}

verify() { # REPORT KEY: with the number pair as a DER signature
    printf 'asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "$(number "$1" 672)" \
        "$(number "$1" 744)" >signature.conf
    openssl asn1parse -genconf signature.conf -noout -out signature.der || lab_fail "signature"
    head -c 672 "$1" >signed
    openssl dgst -sha384 -verify "$2" -signature signature.der signed
}

for product in milan genoa turin; do
    for signer in vcek vlek; do
        echo "- $product, $signer: chain and report verify"
        rm -rf chip roots
        case $signer in
        vcek) lab_chip --product "$product" ;;
        vlek) lab_chip --product "$product" --vlek ;;
        esac
        sim-chip roots chip roots || lab_fail "roots"
        issuer=ask
        [ $signer = vlek ] && issuer=asvk
        pem ark && pem $issuer && pem $signer
        openssl verify -CAfile ark.pem -untrusted $issuer.pem $signer.pem >/dev/null || lab_fail "chain"
        openssl x509 -in $signer.pem -noout -pubkey >key.pem
        sim-chip report chip --set vmpl=1 report || lab_fail "report"
        [ "$(stat -c %s report)" = 1184 ] || lab_fail "size"
        verify report key.pem >/dev/null || lab_fail "signature"
        printf '\x02' | dd of=report bs=1 seek=48 conv=notrunc status=none
        verify report key.pem >/dev/null 2>&1 && lab_fail "a changed report verifies"
    done
done

echo "- the fingerprint is SHA-384 of the ARK's SubjectPublicKeyInfo"
openssl x509 -in ark.pem -noout -pubkey | openssl pkey -pubin -outform DER | sha384sum | cut -d' ' -f1 >wanted
sim-chip fingerprint chip >found && cmp wanted found || lab_fail "fingerprint"

echo "- keys are kept, certificates follow the product"
cp chip/vcek.key before && sim-chip init chip --product genoa || lab_fail "init again"
cmp before chip/vcek.key || lab_fail "the key changed"
openssl x509 -inform DER -in chip/vcek.der -noout -issuer | grep -q SEV-Genoa || lab_fail "issuer"
cp chip/vcek.der before && sim-chip init chip --product genoa && cmp before chip/vcek.der ||
    lab_fail "a second init changed the certificate"

echo "- wrong usage is refused"
sim-chip report chip --set no_such_field=1 report 2>/dev/null && lab_fail "field"
sim-chip report chip --set policy=twelve report 2>/dev/null && lab_fail "value"
sim-chip report chip --report-data 00 report 2>/dev/null && lab_fail "short report data"
sim-chip report nowhere report 2>/dev/null && lab_fail "no chip"
sim-chip init chip --product athlon 2>/dev/null && lab_fail "product"
exit 0
