// A TLS front: asks for a client certificate, takes away what only it may say (RFC 9440), passes everything on.
import http from 'node:http'
import https from 'node:https'
import { told } from './judge.mjs'

const server = https.createServer({ key: told.front.key, cert: told.front.cert, requestCert: true, rejectUnauthorized: false })
server.on('request', (asked, answer) => {
  const headers = { ...asked.headers }
  delete headers['client-cert']
  delete headers['front-secret']
  const seen = asked.socket.getPeerCertificate()
  if (seen.raw) Object.assign(headers, { 'client-cert': `:${seen.raw.toString('base64')}:`, 'front-secret': told.secret })
  const onward = http.request({ host: '127.0.0.1', port: told.portal, path: asked.url, method: asked.method, headers }, (back) => {
    answer.writeHead(back.statusCode, back.rawHeaders)
    back.pipe(answer)
  })
  asked.pipe(onward)
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
