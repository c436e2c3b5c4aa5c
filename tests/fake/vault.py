# SPDX-License-Identifier: Apache-2.0
"""Keys that a vault of Azure holds, and their release to who shows a token of the attestation provider; for
sim-azure. It asks of role, token, policy and key what the real one does."""
import base64
import ctypes
import json
import os
import subprocess
import time

API_VERSIONS = {"7.3", "7.4", "2025-07-01"}
CLIENT_ID = "11111111-2222-3333-4444-555555555555"
VAULT, HSM = "https://vault.azure.net", "https://managedhsm.azure.net"
# Name, algorithm, curve or size, kty, whom the access token must be for.
KEYS = [("ec", "EC", "P-256", "EC-HSM", VAULT), ("p384", "EC", "P-384", "EC-HSM", VAULT),
        ("rsa", "RSA", "2048", "RSA-HSM", VAULT), ("hsm", "EC", "P-256", "EC-HSM", HSM)]


class Refused(Exception):
    """An error as the service has it: status, code, message, inner code."""


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


def wrap(key, plain):
    """AES-256-KWP by libcrypto; Python has none of its own."""
    crypto = ctypes.CDLL("libcrypto.so.3")
    for name in ("EVP_CIPHER_CTX_new", "EVP_aes_256_wrap_pad"):
        getattr(crypto, name).restype = ctypes.c_void_p
    context, size = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new()), ctypes.c_int()
    out = ctypes.create_string_buffer(len(plain) + 32)
    crypto.EVP_CIPHER_CTX_set_flags(context, 1)
    good = crypto.EVP_EncryptInit_ex(context, ctypes.c_void_p(crypto.EVP_aes_256_wrap_pad()), None, key, None)
    good &= crypto.EVP_EncryptUpdate(context, out, ctypes.byref(size), plain, len(plain))
    crypto.EVP_CIPHER_CTX_free(context)
    if good != 1:
        raise RuntimeError("libcrypto does not wrap")
    return out.raw[:size.value]


class VaultKey:
    """A private key, and what the vault shows of it."""

    def __init__(self, folder, name, algorithm, size, kty):
        option = f"ec_paramgen_curve:{size}" if algorithm == "EC" else f"rsa_keygen_bits:{size}"
        path = f"{folder}/vault-{name}.pem"
        openssl("genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out", path)
        self.private = openssl("pkcs8", "-topk8", "-nocrypt", "-in", path, "-outform", "DER")
        self.version = os.urandom(16).hex()
        self.public = {"kty": kty}
        if algorithm == "EC":
            point = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")
            half = {"P-256": 32, "P-384": 48}[size]
            self.public |= {"crv": size, "x": unpadded(point[-2 * half:-half]), "y": unpadded(point[-half:])}
        else:
            modulus = openssl("rsa", "-in", path, "-noout", "-modulus").decode().strip().split("=")[1]
            self.public |= {"n": unpadded(bytes.fromhex(modulus)), "e": "AQAB"}


def meets(claims, condition):
    """The grammar of release policies: allOf and anyOf of claims that equal a value, dots going down."""
    if "allOf" in condition:
        return all(meets(claims, each) for each in condition["allOf"])
    if "anyOf" in condition:
        return any(meets(claims, each) for each in condition["anyOf"])
    value = claims
    for name in condition["claim"].split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value == condition["equals"] and isinstance(value, type(condition["equals"]))


class Vault:
    def __init__(self, folder, args):
        self.folder, self.args = folder, args
        self.keys = {name: VaultKey(folder, name, *what) for name, *what, _ in KEYS}
        self.resources = {name: resource for name, *_, resource in KEYS}
        self.foreign = VaultKey(folder, "foreign", "EC", "P-256", "EC-HSM")
        self.tokens = {}
        self.url = ""

    # The identity of the machine.

    def identity(self, query, how):
        """What the metadata service answers: status and body."""
        refused = {"error": "invalid_request"}
        client_id = query.get("client_id")
        if how == "none" or client_id not in (None, CLIENT_ID):
            return 400, refused | {"error_description": "Identity not found"}
        if how == "several" and not client_id:
            return 400, refused | {"error_description": "Multiple user assigned identities exist, please specify the "
                                                        "clientId / resourceId of the identity in the token request"}
        if query.get("api-version") != "2018-02-01" or query.get("resource") not in (VAULT, HSM):
            return 400, {"error": "invalid_resource", "error_description": "AADSTS500011: The resource principal was not found"}
        token = ".".join(unpadded(os.urandom(n)) for n in (24, 600, 256))
        self.tokens[token] = query["resource"]
        with open(f"{os.path.dirname(self.args.control)}/tokens", "a", encoding="ascii") as file:
            file.write(token + "\n")
        now = int(time.time())
        body = {"access_token": token, "client_id": CLIENT_ID, "expires_in": "86399", "expires_on": str(now + 86399),
                "not_before": str(now - 300), "resource": query["resource"], "token_type": "Bearer"}
        if how == "no-token":
            del body["access_token"]
        elif how == "torn":
            body["access_token"] = "two words"
        return 200, body

    # The vault.

    def bundle(self, name):
        key = self.keys[name]
        return {"key": {"kid": f"{self.url}/keys/{name}/{key.version}", "key_ops": ["encrypt", "decrypt"], **key.public},
                "attributes": {"enabled": True, "exportable": True, "recoveryLevel": "Recoverable+Purgeable"}, "tags": {}}

    def find(self, path):
        """["keys", NAME, VERSION?, "release"?] to name and what is wanted of it."""
        parts = [part for part in path.split("/") if part]
        release = parts[-1:] == ["release"]
        kind, name, version = ((parts[:-1] if release else parts) + [None, None, None])[:3]
        if kind != "keys" or name not in self.keys or version not in (None, self.keys[name].version):
            raise Refused(404, "KeyNotFound", f"A key with (name/id) {name} was not found in this key vault.", None)
        return name, release

    def check_access(self, name, authorization, how):
        if self.tokens.get((authorization or "").removeprefix("Bearer ")) != self.resources[name]:
            raise Refused(401, "Unauthorized", "AKV10022: Invalid audience.", None)
        if how == "forbidden":
            raise Refused(403, "Forbidden", "Caller is not authorized to perform action on resource. Action: "
                          "'Microsoft.KeyVault/vaults/keys/release/action'", "ForbiddenByRbac")
        if how == "not-exportable":
            raise Refused(403, "Forbidden", "Operation release is not permitted on this key.", "KeyOperationForbidden")

    def check_target(self, target, policy, certificates):
        """The claims of a token that the provider signed and that meets the policy."""
        text, _, signature = target.rpartition(".")
        try:
            header, claims = (json.loads(decode(part)) for part in text.split("."))
            with open(f"{self.folder}/target", "wb") as file:
                file.write(decode(signature))
            with open(f"{self.folder}/target.pem", "wb") as file:
                file.write(openssl("x509", "-inform", "DER", "-noout", "-pubkey", data=certificates[header["kid"]]))
            openssl("dgst", "-sha256", "-verify", f"{self.folder}/target.pem", "-signature", f"{self.folder}/target",
                    data=text.encode())
        except (ValueError, KeyError, subprocess.CalledProcessError):
            raise Refused(403, "Forbidden", "Target environment attestation statement cannot be verified.",
                          "AccessDenied") from None
        if not any(each["authority"] == claims["iss"] and claims["exp"] > time.time() and meets(claims, each)
                   for each in policy["anyOf"]):
            raise Refused(403, "Forbidden", "Target environment attestation does not meet key release policy requirements.",
                          "AccessDenied")
        return claims

    def wrapped(self, key, claims, how):
        """The key, for the one that the token names at its top."""
        holder, = [k for k in claims["x-ms-runtime"]["keys"] if "encrypt" in k["key_ops"]]
        modulus = decode(holder["n"])
        if how == "other-holder":
            modulus = bytes([modulus[0]]) + os.urandom(254) + b"\1"
        inner = os.urandom(32)
        with open(f"{self.folder}/holder.pem", "wb") as file:
            file.write(self.rsa_pem(modulus))
        sealed = openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", f"{self.folder}/holder.pem", "-pkeyopt",
                         "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha1", data=inner)
        private = self.foreign.private if how == "foreign" else b"no key at all " * 8 if how == "no-key" else key.private
        secret = wrap(inner, private)
        if how == "changed":
            secret = secret[:-1] + bytes([secret[-1] ^ 1])
        elif how == "short":
            sealed = b""
        enc = "RSA_AES_KEY_WRAP_384" if how == "other-enc" else "CKM_RSA_AES_KEY_WRAP"
        header = {"kid": holder["kid"], "alg": "dir", "enc": enc}
        return unpadded(json.dumps({"schema_version": "1.0", "header": header, "ciphertext": unpadded(sealed + secret)}).encode())

    def sign(self, payload, how):
        leaf = {"other-host": self.args.vault_other, "self-signed": None}.get(how, self.args.vault_certificate)
        if leaf:
            der = openssl("x509", "-in", leaf, "-outform", "DER")
        else:
            der = openssl("req", "-x509", "-key", self.args.vault_key, "-subj", "/CN=vault.azure.net", "-days", "2",
                          "-addext", "subjectAltName=IP:127.0.0.1", "-outform", "DER")
        header = {"alg": "none" if how == "alg-none" else "RS256", "kid": "F7306FB36BB0AD8D7A6AF3D7F1E1B6E1", "typ": "JWT",
                  "x5c": [] if how == "no-x5c" else [base64.b64encode(der).decode()]}
        text = ".".join(unpadded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, payload))
        signature = openssl("dgst", "-sha256", "-sign", self.args.vault_key, data=text.encode())
        if how == "unsigned":
            signature = bytes(len(signature))
        return f"{text}.{unpadded(signature)}"

    def release(self, name, version, request, claims, how):
        key = self.keys[name]
        answer = self.bundle("p384" if how == "other-key" else name)
        if how == "oct":
            answer["key"]["kty"] = "oct-HSM"
        answer["key"]["key_hsm"] = self.wrapped(key, claims, how)
        asked = {"api-version": version, "enc": request["enc"], "kid": f"{self.url}/keys/{name}", "nonce": request["nonce"]}
        if how == "nonce":
            asked["nonce"] = unpadded(os.urandom(24))
        elif how == "terse":
            asked = {"enc": request["enc"]}
        return {"value": self.sign({"request": asked, "response": {"key": {} if how == "no-payload" else answer}}, how)}

    def rsa_pem(self, modulus):
        raise NotImplementedError
