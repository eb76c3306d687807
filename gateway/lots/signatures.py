"""Detached signatures over files: CMS, made by us and checked by us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

SIGNED_DATA = x509.ObjectIdentifier("1.2.840.113549.1.7.2")
MESSAGE_DIGEST = x509.ObjectIdentifier("1.2.840.113549.1.9.4")
HASHES: dict[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
SET, SEQUENCE = b"\x31", b"\x30"
LEAST_RSA_BITS = 2048


class NotSigned(Exception):  # noqa: N818 - it states what is so
    """A signature is not one over this content; the text says what is amiss."""


@asn1.sequence
@dataclass
class _Algorithm:
    algorithm: x509.ObjectIdentifier
    parameters: asn1.Null | None = None


@asn1.sequence
@dataclass
class _Signer:
    version: int
    identifier: asn1.TLV
    digest_algorithm: _Algorithm
    signed_attributes: asn1.TLV
    signature_algorithm: _Algorithm
    signature: bytes
    unsigned_attributes: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(1)] = None


@asn1.sequence
@dataclass
class _Encapsulated:
    content_type: x509.ObjectIdentifier


@asn1.sequence
@dataclass
class _SignedData:
    version: int
    digest_algorithms: asn1.SetOf[_Algorithm]
    encapsulated: _Encapsulated
    certificates: asn1.TLV
    signers: asn1.SetOf[_Signer]


@asn1.sequence
@dataclass
class _Message:
    content_type: x509.ObjectIdentifier
    content: Annotated[_SignedData, asn1.Explicit(0)]


@asn1.sequence
@dataclass
class _Attribute:
    name: x509.ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
@dataclass
class _Attributes:
    attributes: asn1.SetOf[_Attribute]


def sign(content: bytes, certificate: bytes, key: bytes) -> bytes:
    """A detached signature in DER, which bears the certificate; both are given in PEM."""
    private = serialization.load_pem_private_key(key, None)
    if not isinstance(private, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise TypeError("files are signed with an RSA or an ECDSA key")
    holder = x509.load_pem_x509_certificate(certificate)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    return builder.add_signer(holder, private, hashes.SHA256()).sign(
        serialization.Encoding.DER, options
    )


def signer(content: bytes, signature: bytes) -> x509.Certificate:
    """The certificate whose holder signed this content. Whether it is trusted is not judged.

    Raises NotSigned.
    """
    try:
        data = asn1.decode_der(_Message, signature)
        certificates = pkcs7.load_der_pkcs7_certificates(signature)
        signers = data.content.signers.as_list()
    except (ValueError, TypeError) as error:
        raise NotSigned("it is no CMS message in DER") from error
    if data.content_type != SIGNED_DATA or len(signers) != 1:
        raise NotSigned("it is no message with one signer")
    try:
        attributes = _attributes(signers[0], content)
    except (ValueError, TypeError) as error:
        raise NotSigned("its attributes cannot be read") from error
    for certificate in certificates:
        if _has_signed(certificate, signers[0], attributes):
            return certificate
    raise NotSigned("none of its certificates made it")


def _attributes(signer: _Signer, content: bytes) -> bytes:
    """What was signed: the attributes, one of which is the digest of the content."""
    attributes = _element(SET, bytes(signer.signed_attributes.data))
    digest = hashes.Hash(_hash(signer.digest_algorithm))
    digest.update(content)
    read = asn1.decode_der(_Attributes, _element(SEQUENCE, attributes))
    told = [
        bytes(value.data)
        for attribute in read.attributes.as_list()
        if attribute.name == MESSAGE_DIGEST
        for value in attribute.values.as_list()
    ]
    if told != [digest.finalize()]:
        raise NotSigned("it is over another content")
    return attributes


def _has_signed(certificate: x509.Certificate, signer: _Signer, attributes: bytes) -> bool:
    key, algorithm = certificate.public_key(), _hash(signer.digest_algorithm)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signer.signature, attributes, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey) and key.key_size >= LEAST_RSA_BITS:
            key.verify(signer.signature, attributes, padding.PKCS1v15(), algorithm)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _hash(algorithm: _Algorithm) -> hashes.HashAlgorithm:
    found = HASHES.get(algorithm.algorithm.dotted_string)
    if found is None:
        raise NotSigned("its digest is not one of the SHA-2 family")
    return found


def _element(tag: bytes, content: bytes) -> bytes:
    if len(content) < 0x80:
        return tag + bytes([len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return tag + bytes([0x80 | len(length)]) + length + content
