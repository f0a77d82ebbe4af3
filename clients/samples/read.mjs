// Reads one licence from the portal with nothing but Node.js 20: a token by private_key_jwt, a DPoP proof for each call.
// Needs the private key (a JWK, P-256) in khoa.json and what the registration answered in ung-dung.json.
import { readFile } from "node:fs/promises";

const base64url = (value) => Buffer.from(value).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);
const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

async function signed(key, header, claims) {
  const text = `${base64url(JSON.stringify({ alg: "ES256", ...header }))}.${base64url(JSON.stringify(claims))}`;
  return `${text}.${base64url(await crypto.subtle.sign(ES256, key, Buffer.from(text)))}`;
}

const client = JSON.parse(await readFile("ung-dung.json"));
const { kid, ...jwk } = JSON.parse(await readFile("khoa.json"));
const clientKey = await crypto.subtle.importKey("jwk", jwk, ES256, false, ["sign"]);
const proofKey = await crypto.subtle.generateKey(ES256, true, ["sign"]);
const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", proofKey.publicKey);

let nonce;
async function call(method, url, { token, headers = {}, body } = {}) {
  for (let again = 0; ; again += 1) {
    const claims = { htm: method, htu: url.split("?")[0], iat: now(), jti: crypto.randomUUID(), nonce };
    if (token) claims.ath = base64url(await crypto.subtle.digest("SHA-256", Buffer.from(token)));
    const proof = await signed(proofKey.privateKey, { typ: "dpop+jwt", jwk: { kty, crv, x, y } }, claims);
    const known = token ? { Authorization: `DPoP ${token}` } : {};
    const answer = await fetch(url, { method, headers: { ...headers, ...known, DPoP: proof }, body: await body?.() });
    nonce = answer.headers.get("DPoP-Nonce") ?? nonce;
    if (answer.ok || again) return answer; // the first time the portal only tells its nonce
  }
}

const assertion = () =>
  signed(clientKey, { kid }, {
    iss: client.client_id, sub: client.client_id, aud: client.issuer, iat: now(), exp: now() + 60, jti: crypto.randomUUID(),
  });
const form = async () =>
  new URLSearchParams({
    grant_type: "client_credentials",
    scope: "licences.read",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: await assertion(), // good once
    authorization_details: JSON.stringify([
      { type: "moit.shared-data", agreement: client.agreement, purpose: client.purposes[0] },
    ]),
  });

const { access_token: token } = await (await call("POST", `${client.issuer}/oauth/token`, { body: form })).json();
const headers = { "Case-Ref": "HS-2026-001" };
const root = `${client.issuer}/api/sharing/v1/licences`;
const page = await (await call("GET", `${root}?limit=1&fields=number`, { token, headers })).json();
const answer = await call("GET", `${root}/${encodeURIComponent(page.items[0].key)}?fields=number,status`, { token, headers });
console.log("read:", await answer.json(), "log entry:", answer.headers.get("Log-Entry"));
