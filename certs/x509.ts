/**
 * The one place that imports @peculiar/x509, because that package needs the Reflect metadata polyfill loaded before it.
 * It makes what node-forge cannot: certificates, requests and revocation lists with elliptic-curve keys.
 */
import 'reflect-metadata'

export {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsageExtension, Extension, KeyUsageFlags,
  KeyUsagesExtension, Name, Pkcs10CertificateRequest, PublicKey, SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension, X509Certificate as PeculiarCertificate, X509CertificateGenerator, X509CrlGenerator,
} from '@peculiar/x509'
