/**
 * The one place that imports @peculiar/x509, because that package needs the Reflect metadata polyfill loaded before it.
 * It makes what node-forge cannot: certificates, requests and revocation lists with elliptic-curve keys.
 */
import 'reflect-metadata'

export {
  AuthorityInfoAccessExtension, AuthorityKeyIdentifierExtension, BasicConstraintsExtension, CertificatePolicyExtension, CRLDistributionPointsExtension, ExtendedKeyUsageExtension, Extension, KeyUsageFlags,
  KeyUsagesExtension, Name, Pkcs10CertificateRequest, PublicKey, SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension, X509Certificate as PeculiarCertificate, X509CertificateGenerator, X509CrlGenerator, X509CrlReason,
} from '@peculiar/x509'
