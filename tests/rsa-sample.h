/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An RSA key of tests, which protects nothing: what was sealed to it stands in vectors and corpora.
 */
#pragma once

static const char rsa_sample_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCPupHiPdl62zlV\n"
    "3yvQtbJyQsIq7IX93VtNqKg/Vqs2PMMGHi4Nu5dCkVzKwqFGjGbYL2H1Gt6P4gfs\n"
    "5PbN922oKJMElK6o7RwMT/4AfIRuaH9uosvH6UV8JMTYrW52WUDYdwTuj5lPNaGC\n"
    "LKZV7OoS9S3yZrQb8svSCfFC9ETpOf1vnhj23JubdtbI4pZFn+pSniocq7HHnJMg\n"
    "sdXml9CM8JZR/Mw4I0TpMhFapCBmqayKUHD8/UAdYvvtndPFgzhfPCLsL1w+MIEA\n"
    "4fTh6sv94lNDV0BslaS0qIUWWenceSImaHhLbumdtStUvSmlk2vq5pF4OFswwcH4\n"
    "3wXg0r73AgMBAAECggEAJakw9bPYKzmLVgVy0S7zEb6Nazrrxz/73yb84w/eMAmO\n"
    "3qkEz0Ni2KYHRvfl03sRrb8Ir3V5cQE8q2W5h/G4EZKEJ3SgKZJrwYwqVc1K1DVc\n"
    "gsx0ki79LpDh5ZbYNXmgpLfXGn2VIey/I8F4WlaIZSxKfFROCG6/2osRZUZlUikj\n"
    "oVc5siJKJUwXUtO2mcxYMbhVZGS7W99E886zZunJ2Bd7nC/695LUE0japsCmrD1C\n"
    "FmHBOF2+TJjbVe69+KwtFOOZwNrK6L20QKQvOKEEKeRnivVbbEGCxXY16pkYav8P\n"
    "d5QekEkHoqq4n82WexOD4hubmR0jn1XtXnc+RUCZ1QKBgQDK0qXUiBiro7YMStN+\n"
    "odxcnGgCN3MpgYQ7E95bc6NnypnI8PM1PmsZfPHFpBg6yqFqVbS0A5I1UYxZqCNO\n"
    "AyS4wAneZR7heOhK24tRhtQYSO08AlfrGtrVRPIhM6t0mJRBtgyhYVk48mVTriL/\n"
    "ChX6b9FexdL+ybPfHxoA0xIoqwKBgQC1aZAwjjh1Rv2crN49ybgmPrJ/gtvis5Tr\n"
    "6sCpb5rqUo6uI0Ja/JWvrG3iTr+D86UeVflL5g+r2jbkmSdPWRMqtwQTEovV7gmj\n"
    "G4PqFmYJHv5qnnY5CbZaP50OfYp+TD4bP0RSGroIPZ3k3bCe1On6dQAq+LBhNAKR\n"
    "eM8nQlka5QKBgDXx9wdjN2SXg3kbgcshk/HR69wDEY9NknUAINkkFacqfOK0K4vS\n"
    "0TuTPt75eTRR5sLYjtp+RKoHyZOjI9jA/0hgU3+iV6dSuD4IzLJfcRQQeYDHgsjW\n"
    "eLPWxavNCWJWnsAngo59zPRXjFnIbCh3b0cP7JkPdsIrtbq3k/v6J89HAoGASBhM\n"
    "uk869rigv2wf4lRRP7m4/F3H/v85VsxzhqKY4TiwBVpz2274GdmfzclX6Ruh6j1m\n"
    "lpg2cCiHmi+XZLxUlqwnDWFYe0tfPxgHQ7dlE4jiuQKCn0ZR1unjA8g2itzH7dIl\n"
    "169RcUbzgenscCLTXbqzt2Af0HF399IYGVUPzlUCgYBW6oWvcDn4xUI/+9JKpIAQ\n"
    "KDR0xLVuMJd5+lejXOcy49Pgi2GraetsGaP+zFB7SWUgpGOFlnuMfp88Va65DZnw\n"
    "2Th+33LZI8NAE+DU/bo0ICNHoic5i60zYNDEjvkgrqkfsOpD8w1LDTpqh12JIMtA\n"
    "WRHYrEaP9ZLfmxfKTOe5bQ==\n"
    "-----END PRIVATE KEY-----\n";
