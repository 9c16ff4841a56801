# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates made with the openssl program at start, and the TLS contexts.

The server sends a self-signed RSA-2048 leaf as a real host does (xapi.md 4).
"""

import hashlib
import os
import ssl
import subprocess


class Tls:
    """One certificate, replaceable while running (tls-change)."""

    def __init__(self, directory, addresses, expired=False, p384=False):
        self.directory, self.addresses, self.p384 = directory, addresses, p384
        self.serial = 0
        self.context, self.pem, self.pin, self.fingerprint = None, "", "", ""
        self.renew(expired)

    def renew(self, expired=False):
        """Make a new key and certificate and use them for new connections."""
        self.serial += 1
        key = os.path.join(self.directory, f"key-{self.serial}.pem")
        cert = os.path.join(self.directory, f"cert-{self.serial}.pem")
        names = ",".join(f"IP:{a}" for a in self.addresses)
        # req -x509 has no start date in OpenSSL 3.0; x509 -days may be negative
        days = ["-days", "-1"] if expired else ["-days", "3650"]
        request = os.path.join(self.directory, "request.pem")
        extensions = os.path.join(self.directory, "extensions.cnf")
        with open(extensions, "w", encoding="ascii") as out:
            out.write(f"subjectAltName={names}\n")
        self._openssl(
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-sha256", "-keyout", key,
            "-out", request, "-subj", f"/CN={self.addresses[0]}",
        )
        self._openssl(
            "x509", "-req", "-sha256", "-in", request, "-signkey", key, "-out", cert,
            "-extfile", extensions, *days,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.p384:
            # XenServer 8: TLS 1.2, ECDHE-RSA-AES-GCM and secp384r1 only (xapi.md 4)
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256")
            context.set_ecdh_curve("secp384r1")
        with open(cert, encoding="ascii") as text:
            self.pem = text.read()
        der = ssl.PEM_cert_to_DER_cert(self.pem)
        digest = hashlib.sha256(der).hexdigest()
        self.pin = f"sha256:{digest}"
        self.fingerprint = ":".join(
            digest[i : i + 2] for i in range(0, 64, 2)
        ).upper()
        self.context = context

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(
            ["openssl", *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError("openssl: " + done.stderr.decode(errors="replace").strip())
