// A foreign identity provider (oidc-provider): code, PKCE, private_key_jwt, `iss` in the answer. Whoever comes is signed in at
// once as the person of the test; the header `lie` of the browser says what the provider shall say wrongly of it.
import http from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'
import { told } from './judge.mjs'

const pair = await generateKeyPair('ES256', { extractable: true })
const server = http.createServer()
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const provider = new Provider(`http://127.0.0.1:${server.address().port}`, {
  jwks: { keys: [{ ...(await exportJWK(pair.privateKey)), kid: 'op1', alg: 'ES256', use: 'sig' }] },
  clients: [{
    client_id: told.client_id,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    id_token_signed_response_alg: 'ES256',
    require_auth_time: true,
    backchannel_logout_uri: told.logout,
    backchannel_logout_session_required: true,
    jwks: { keys: [told.key] },
    redirect_uris: [told.callback],
    response_types: ['code'],
    grant_types: ['authorization_code']
  }],
  pkce: { required: () => true },
  acrValues: ['vneid:1', 'vneid:2', 'vneid:org'],
  conformIdTokenClaims: false,
  claims: { openid: ['sub'], profile: ['name', 'organisation'], email: ['email'], acr: null, auth_time: null },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...told.person }) }),
  features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
  fetch: (url, { dispatcher, ...options }) => fetch(url, options), // its own guard lets it tell nobody on this machine
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  enabledJWA: { clientAuthSigningAlgValues: ['ES256'], idTokenSigningAlgValues: ['ES256'] }
})

async function interact (asked, answer) {
  const { prompt, params, session } = await provider.interactionDetails(asked, answer)
  if (prompt.name === 'login') {
    const login = { accountId: 'nguoi-1', acr: 'vneid:org', remember: false, ...JSON.parse(asked.headers.lie ?? '{}') }
    if (login.acr === null) delete login.acr
    return provider.interactionFinished(asked, answer, { login })
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
  grant.addOIDCScope(params.scope)
  const grantId = await grant.save()
  return provider.interactionFinished(asked, answer, { consent: { grantId } }, { mergeWithLastSubmission: true })
}

const answer = provider.callback()
server.on('request', (asked, response) => asked.url.startsWith('/interaction/') ? interact(asked, response) : answer(asked, response))
console.log(server.address().port)
