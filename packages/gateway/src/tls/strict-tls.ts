import { constants } from "node:crypto";

/** PEM; the certificate with its chain. */
export interface KeyPair {
  cert: string;
  key: string;
}

/** Mozilla's "intermediate" profile (Server Side TLS 5.7) without its Diffie-Hellman suites: forward secrecy and AEAD only. */
export const STRICT_TLS = {
  minVersion: "TLSv1.2",
  ciphers: [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
  ].join(":"),
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
} as const;

export const ALPN = ["h2", "http/1.1"] as const;
