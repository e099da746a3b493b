/** `grant_type` values beyond RFC 6749: RFC 8628 §3.4, CIBA Core §10.1, RFC 8693 §2.1, RFC 7523 §2.1. */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
export const CIBA = 'urn:openid:params:grant-type:ciba'
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
