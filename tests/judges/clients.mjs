// Two clients that know nothing of us, oauth4webapi and openid-client: every flow of the client-credentials profile.
import https from 'node:https'
import { exportJWK, importJWK, SignJWT } from 'jose'
import * as o from 'oauth4webapi'
import * as oc from 'openid-client'
import { check, end, throws, told } from './judge.mjs'

const { issuer: ISSUER, record: RECORD } = told
const RESOURCE = `${ISSUER}/api/sharing`
const issuer = new URL(ISSUER)
const plain = { [o.allowInsecureRequests]: true } // http on loopback only
const ask = [{ type: 'moit.shared-data', agreement: 'TT-01', purpose: 'kiem-tra-thue', datatypes: ['licences', 'dossiers'], actions: ['read', 'changes'] }]
const params = () => new URLSearchParams({ scope: 'licences.read', resource: RESOURCE, authorization_details: JSON.stringify(ask) })
const inCase = () => new Headers({ 'case-ref': 'HS-2026-1' })

const keys = {}
for (const jwk of told.keys) keys[jwk.kid] = { kid: jwk.kid, key: await importJWK(jwk, jwk.alg) }
const client = { client_id: told.client_id }
const auth = (kid = 'c1') => o.PrivateKeyJwt(keys[kid])

async function insisting (act) { // a nonce is told in the answer to the first try
  for (let left = 2; ; left--) {
    try { return await act() } catch (error) { if (!left || !o.isDPoPNonceError(error)) throw error }
  }
}

// ---- what the server says about itself
const as = await o.processDiscoveryResponse(issuer, await o.discoveryRequest(issuer, { algorithm: 'oauth2', ...plain }))
check('RFC 8414', as.issuer === ISSUER && as.dpop_signing_alg_values_supported.includes('ES256'))
for (const place of [RESOURCE, `${ISSUER}/api/filing`, `${ISSUER}/oauth/clients/me`]) {
  const said = await o.processResourceDiscoveryResponse(new URL(place), await o.resourceDiscoveryRequest(new URL(place), plain))
  check(`RFC 9728 of ${place}`, said.resource === place && said.authorization_servers[0] === ISSUER && as.protected_resources.includes(place))
}

// ---- tokens: each way to sign the assertion, each way to sign the proof
async function granted (kid, DPoP, form = params(), who = client, more = {}) {
  return insisting(async () => o.processClientCredentialsResponse(as, who,
    await o.clientCredentialsGrantRequest(as, who, auth(kid), form, { DPoP, ...plain, ...more })))
}
for (const kid of Object.keys(keys).filter((name) => name !== 'm1')) {
  const token = await granted(kid, o.DPoP(client, await o.generateKeyPair('ES256')))
  check(`private_key_jwt with ${kid}`, token.token_type === 'dpop' && token.expires_in === 300)
}
for (const algorithm of ['ES256', 'Ed25519', 'PS256']) {
  const DPoP = o.DPoP(client, await o.generateKeyPair(algorithm))
  const token = await granted('c1', DPoP)
  const answer = await insisting(() => o.protectedResourceRequest(token.access_token, 'GET', new URL(RECORD), inCase(), null, { DPoP, ...plain }))
  check(`DPoP with ${algorithm}`, answer.status === 200)
}

// ---- one token through its life
const pair = await o.generateKeyPair('ES256')
const DPoP = o.DPoP(client, pair)
const token = await granted('c1', DPoP)
const [given] = token.authorization_details
check('RFC 9396: less than was asked is granted, and said', given.datatypes.join() === 'licences' && given.actions.join() === 'read')

const read = (url = RECORD, options = { DPoP }) =>
  insisting(() => o.protectedResourceRequest(token.access_token, 'GET', new URL(url), inCase(), null, { ...options, ...plain }))
const record = await read()
check('a protected read', record.status === 200 && Boolean(record.headers.get('log-entry')))
const gone = await read(`${RESOURCE}/v1/licences/khong-co`)
check('404 is a problem document', gone.status === 404 && gone.headers.get('content-type') === 'application/problem+json')

{ // a foreign resource server reads our token: RFC 9068 and 9449
  const ath = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token.access_token))).toString('base64url')
  const proof = await new SignJWT({ htm: 'GET', htu: RECORD, ath, jti: crypto.randomUUID() }).setIssuedAt()
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(pair.publicKey) }).sign(pair.privateKey)
  const request = new Request(RECORD, { headers: { authorization: `DPoP ${token.access_token}`, dpop: proof } })
  const claims = await o.validateJwtAccessToken(as, request, RESOURCE, { requireDPoP: true, ...plain })
  check('a foreign resource server takes our token', claims.client_id === told.client_id && claims.aud === RESOURCE)
  const wrong = new Request(RECORD, { headers: { authorization: `DPoP ${token.access_token}`, dpop: proof } })
  await throws('and not for another resource', o.validateJwtAccessToken(as, wrong, `${ISSUER}/api/filing`, { requireDPoP: true, ...plain }), Boolean)
}
const challenged = (wanted) => (error) => error instanceof o.WWWAuthenticateChallengeError &&
  error.cause.some((one) => one.scheme === 'dpop' && one.parameters.error === wanted && one.parameters.resource_metadata.startsWith(ISSUER))
await throws('a stolen token shown as Bearer', read(RECORD, {}), challenged('invalid_token'))
const thief = o.DPoP(client, await o.generateKeyPair('ES256'))
await throws('a stolen token with a proof of another key', read(RECORD, { DPoP: thief }), challenged('invalid_token'))

const introspected = async (who = client, kid = 'c1') =>
  o.processIntrospectionResponse(as, who, await o.introspectionRequest(as, who, auth(kid), token.access_token, plain))
const active = await introspected()
check('RFC 7662', active.active === true && active.cnf.jkt !== undefined && active.token_type === 'DPoP')
const other = { client_id: told.certified }
check('RFC 7662: nothing about the token of another', (await introspected(other, 'm1')).active === false)
await throws('RFC 7009: not the token of another',
  o.revocationRequest(as, other, auth('m1'), token.access_token, plain).then(o.processRevocationResponse), (e) => e.error === 'invalid_grant')
await o.processRevocationResponse(await o.revocationRequest(as, client, auth(), token.access_token, plain))
check('RFC 7009', (await introspected()).active === false)
await throws('a revoked token', read(), challenged('invalid_token'))

// ---- what is refused is refused in words that a client library understands
const refused = (code) => (error) => error instanceof o.ResponseBodyError && error.error === code
const wrongly = (change) => { const form = params(); change(form); return granted('c1', DPoP, form) }
await throws('an unknown resource', wrongly((form) => form.set('resource', 'https://khac.example')), refused('invalid_target'))
await throws('an unknown scope', wrongly((form) => form.set('scope', 'moi-thu')), refused('invalid_scope'))
await throws('no details', wrongly((form) => form.delete('authorization_details')), refused('invalid_authorization_details'))
await throws('an unknown client', granted('c1', DPoP, params(), { client_id: 'khong-co' }), refused('invalid_client'))
await throws('a key of another client', granted('m1', DPoP), refused('invalid_client'))

// ---- bound to a certificate, behind the TLS front
const through = (certificate) => (url, { body, headers, method }) => new Promise((resolve, reject) => {
  const asked = https.request(url, { method, headers: Object.fromEntries(new Headers(headers)), ca: told.front.cert, ...certificate }, async (answer) => {
    const parts = []
    for await (const part of answer) parts.push(part)
    resolve(new Response(parts.length ? Buffer.concat(parts) : null, { status: answer.statusCode, headers: new Headers(Object.entries(answer.headers)) }))
  })
  asked.on('error', reject)
  asked.end(body ? String(body) : undefined)
})
const machine = { client_id: told.certified, use_mtls_endpoint_aliases: true }
const certified = { [o.customFetch]: through(told.certificates[0]) }
check('RFC 8705 metadata', as.tls_client_certificate_bound_access_tokens === true && as.mtls_endpoint_aliases.token_endpoint.startsWith('https:'))
const bound = await granted('m1', undefined, params(), machine, certified)
check('RFC 8705: the token is a Bearer of its certificate', bound.token_type === 'bearer')
const front = new URL(as.mtls_endpoint_aliases.token_endpoint).origin
const shown = (how, url = RECORD.replace(ISSUER, front)) =>
  o.protectedResourceRequest(bound.access_token, 'GET', new URL(url), inCase(), null, { ...how, ...plain })
check('a read with the certificate', (await shown(certified)).status === 200)
await throws('a stolen token with another certificate', shown({ [o.customFetch]: through(told.certificates[1]) }), challenged('invalid_token'))
await throws('a stolen token without a certificate', shown({ [o.customFetch]: through({}) }), challenged('invalid_token'))
await throws('a token asked for without a certificate', granted('m1', undefined, params(), machine, { [o.customFetch]: through({}) }), refused('invalid_request'))
const header = `:${Buffer.from(told.certificates[0].cert.replace(/-----.*?-----|\s/g, ''), 'base64').toString('base64')}:`
const forged = await fetch(RECORD, { headers: { authorization: `Bearer ${bound.access_token}`, 'client-cert': header, 'case-ref': 'HS-1' } })
check('a certificate that no front has seen', forged.status === 400 && (await forged.json()).slug === 'client-cert-refused')
check('RFC 7662 of a bound token', (await o.processIntrospectionResponse(as, machine,
  await o.introspectionRequest(as, machine, auth('m1'), bound.access_token, { ...certified, ...plain }))).cnf['x5t#S256'] !== undefined)

// ---- the other client library, end to end
const config = await oc.discovery(issuer, told.client_id, undefined, oc.PrivateKeyJwt(keys.c1), { algorithm: 'oauth2', execute: [oc.allowInsecureRequests] })
const handle = oc.getDPoPHandle(config, await oc.randomDPoPKeyPair('ES256'))
const tokens = await oc.clientCredentialsGrant(config, Object.fromEntries(params()), { DPoP: handle })
const answer = await oc.fetchProtectedResource(config, tokens.access_token, new URL(RECORD), 'GET', undefined, inCase(), { DPoP: handle })
check('openid-client reads', answer.status === 200 && tokens.authorization_details.length === 1)
check('openid-client asks', (await oc.tokenIntrospection(config, tokens.access_token)).active === true)
await oc.tokenRevocation(config, tokens.access_token)
check('openid-client takes back', (await oc.tokenIntrospection(config, tokens.access_token)).active === false)
const wide = new URLSearchParams({ scope: 'filing' })
await throws('openid-client hears no', oc.clientCredentialsGrant(config, Object.fromEntries(wide), { DPoP: handle }), (e) => e.error === 'invalid_scope')

const mconfig = await oc.discovery(issuer, told.certified, { use_mtls_endpoint_aliases: true }, oc.PrivateKeyJwt(keys.m1), { algorithm: 'oauth2', execute: [oc.allowInsecureRequests] })
mconfig[oc.customFetch] = through(told.certificates[0])
const mtokens = await oc.clientCredentialsGrant(mconfig, Object.fromEntries(params()))
const manswer = await oc.fetchProtectedResource(mconfig, mtokens.access_token, new URL(RECORD.replace(ISSUER, front)), 'GET', undefined, inCase())
check('openid-client with a certificate', mtokens.token_type === 'bearer' && manswer.status === 200)
end()
