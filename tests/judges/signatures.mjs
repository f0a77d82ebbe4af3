// Two verifiers that know nothing of us: http-message-signatures of signed answers, standardwebhooks of what is delivered.
import { createHash, createPublicKey } from 'node:crypto'
import { createVerifier, httpbis } from 'http-message-signatures'
import { Webhook } from 'standardwebhooks'
import { check, end, told, throws } from './judge.mjs'

const keys = new Map(told.keys.map((jwk) => [jwk.kid, createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })]))
const keyLookup = async ({ keyid }) => keys.has(keyid) ? { id: keyid, algs: ['ed25519'], verify: createVerifier(keys.get(keyid), 'ed25519') } : null
const required = ['@status', 'content-type', 'content-digest', 'log-entry', '@method', '@target-uri', 'dpop']

async function good (answer, request) {
  try {
    const fits = await httpbis.verifyMessage({ keyLookup, requiredFields: required }, { status: answer.status, headers: answer.headers }, request)
    const digest = `sha-256=:${createHash('sha256').update(answer.body).digest('base64')}:` // the signature covers the digest alone
    return fits === true && digest === answer.headers['content-digest']
  } catch {
    return false
  }
}

for (const { name, answer, request } of told.signed) {
  const headers = answer.headers
  check(`${name}, as sent`, await good(answer, request))
  const altered = {
    status: [{ ...answer, status: answer.status + 1 }, request],
    body: [{ ...answer, body: `${answer.body} ` }, request],
    'log entry': [{ ...answer, headers: { ...headers, 'log-entry': 'x' } }, request],
    'content type': [{ ...answer, headers: { ...headers, 'content-type': 'text/plain' } }, request],
    address: [answer, { ...request, url: `${request.url}0` }],
    method: [answer, { ...request, method: 'DELETE' }],
    proof: [answer, { ...request, headers: { dpop: 'x' } }],
    time: [{ ...answer, headers: { ...headers, 'signature-input': headers['signature-input'].replace(/created=\d+/, 'created=1') } }, request]
  }
  for (const [what, [response, asked]] of Object.entries(altered)) check(`${name}, another ${what}`, !await good(response, asked))
}

const { secret, headers, body } = told.webhook
const webhook = new Webhook(secret)
check('a delivery', webhook.verify(body, headers).specversion === '1.0')
const refused = (error) => error.name === 'Error' || error.name === 'WebhookVerificationError'
await throws('another body', (async () => webhook.verify(body.replace('1.0', '1.1'), headers))(), refused)
await throws('another id', (async () => webhook.verify(body, { ...headers, 'webhook-id': 'x' }))(), refused)
await throws('an old one', (async () => webhook.verify(body, { ...headers, 'webhook-timestamp': '1' }))(), refused)
end()
