#!/bin/sh
# Reads one licence from the portal with curl and openssl alone: a key, a client of the sandbox, a token, a record.
# Usage: sh read.sh ADDRESS-OF-THE-SANDBOX
set -eu
ISSUER=$1
umask 077

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
random() { openssl rand -hex 16; }
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
signed() { # key file, header, claims
    text=$(printf '%s' "$2" | base64url).$(printf '%s' "$3" | base64url)
    printf '%s' "$text" > text
    printf '%s.%s' "$text" "$(openssl pkeyutl -sign -rawin -inkey "$1" -in text | base64url)"
}
public() { openssl pkey -in "$1" -pubout -outform DER | tail -c 32 | base64url; }
proof() { # method, address, hash of the token
    claims="{\"htm\":\"$1\",\"htu\":\"$2\",\"iat\":$(date +%s),\"jti\":\"$(random)\",\"nonce\":\"$NONCE\"${3:+,\"ath\":\"$3\"}}"
    jwk="{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"$(public proof.pem)\"}"
    signed proof.pem "{\"typ\":\"dpop+jwt\",\"alg\":\"EdDSA\",\"jwk\":$jwk}" "$claims"
}

# Two keys: one says who the client is, the other binds the tokens.
openssl genpkey -algorithm ed25519 -out client.pem
openssl genpkey -algorithm ed25519 -out proof.pem

# In the sandbox a public key is all that registration takes.
jwk="{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k1\",\"x\":\"$(public client.pem)\"}"
curl -sS --fail -H 'Content-Type: application/json' -d "{\"jwk\":$jwk}" "$ISSUER/api/sandbox/v1/clients" > client.json
CLIENT=$(member client_id < client.json)
AGREEMENT=$(member agreement < client.json)

# The first request for a token only brings the portal's nonce; the second brings the token.
token() {
    claims="{\"iss\":\"$CLIENT\",\"sub\":\"$CLIENT\",\"aud\":\"$ISSUER\",\"exp\":$(($(date +%s) + 60)),\"jti\":\"$(random)\"}"
    curl -sS -D headers "$ISSUER/oauth/token" -H "DPoP: $(proof POST "$ISSUER/oauth/token")" \
        -d grant_type=client_credentials -d scope=licences.read \
        -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
        -d client_assertion="$(signed client.pem '{"alg":"EdDSA","kid":"k1"}' "$claims")" \
        --data-urlencode "authorization_details=[{\"type\":\"moit.shared-data\",\"agreement\":\"$AGREEMENT\",\"purpose\":\"thu-nghiem\"}]"
}
NONCE=
token > /dev/null
NONCE=$(tr -d '\r' < headers | sed -n 's/^dpop-nonce: //Ip')
TOKEN=$(token | member access_token)

HASH=$(printf '%s' "$TOKEN" | openssl dgst -sha256 -binary | base64url)
curl -sS --fail -D headers "$ISSUER/api/sharing/v1/licences?limit=1&fields=number,status" \
    -H "Authorization: DPoP $TOKEN" -H "DPoP: $(proof GET "$ISSUER/api/sharing/v1/licences" "$HASH")" -H 'Case-Ref: HS-2026-001'
echo
grep -i '^log-entry' headers
