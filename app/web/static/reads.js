// “Ai đã xem dữ liệu của tôi”: everything is fetched when the page loads; from then on it is checked here, even without a network.
import { bytes, isSigned, readNote, verifyConsistency, verifyRead } from './log-proof.js'

const KEPT = 'motcua-log-access'
const frame = document.querySelector('[data-proof]')
const status = frame?.querySelector('[data-status]')

const fetched = async address => {
  const answer = await fetch(address, { headers: { accept: 'application/json' } })
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`)
  return answer.json()
}

// What this browser saw of the log before, and the proof that what it sees now only adds to it.
const load = async () => {
  const bundle = await fetched(frame.dataset.proof)
  const now = readNote(bundle.checkpoint)
  const kept = JSON.parse(localStorage.getItem(KEPT) ?? 'null')
  const before = kept && readNote(kept.checkpoint)
  let path = []
  if (before?.size && before.size < now.size) {
    path = (await fetched(`/log/consistency?from=${before.size}&to=${now.size}`)).path
  }
  return { bundle, now, kept, before, path: path.map(bytes) }
}

const judge = async ({ bundle, now, kept, before, path }) => {
  if (kept && kept.public_key !== bundle.public_key) return 'key'
  const signed = await isSigned(now, bundle.public_key)
  if (signed === false) return 'signature'
  if (before?.size && !await verifyConsistency(before.size, before.root, now.size, now.root, path)) return 'fork'
  return signed === undefined ? 'unsigned' : 'good'
}

const show = async loaded => {
  const verdict = await judge(loaded)
  const proofs = new Map(loaded.bundle.reads.map(read => [JSON.parse(read.event).id, read]))
  const sound = verdict === 'good' || verdict === 'unsigned'
  for (const row of document.querySelectorAll('[data-read]')) {
    const said = JSON.parse(row.dataset.read)
    const proof = proofs.get(said.id)
    const proven = proof && sound && await verifyRead(proof, loaded.now, loaded.bundle.subject, said)
    const mark = row.querySelector('[data-mark]')
    mark.dataset.mark = proof ? (proven ? 'good' : 'bad') : 'later'
    mark.textContent = frame.dataset[`row${proof ? (proven ? 'Good' : 'Bad') : 'Later'}`]
    mark.hidden = false
  }
  status.dataset.status = verdict
  const at = new Date(loaded.now.at).toLocaleString(document.documentElement.lang, { timeZone: 'Asia/Ho_Chi_Minh' })
  status.textContent = frame.dataset[`all${verdict[0].toUpperCase()}${verdict.slice(1)}`]
    .replace('{size}', loaded.now.size).replace('{at}', at)
  if (verdict === 'good' || verdict === 'unsigned') {
    localStorage.setItem(KEPT, JSON.stringify({ checkpoint: loaded.bundle.checkpoint, public_key: loaded.bundle.public_key }))
  }
}

const begin = async () => {
  const again = frame.querySelector('[data-again]')
  try {
    const loaded = await load()
    await show(loaded)
    again.hidden = false
    again.querySelector('button').addEventListener('click', () => show(loaded))
  } catch (failed) {
    status.dataset.status = 'failed'
    status.textContent = frame.dataset.allFailed
    console.warn(failed)
  }
}

if (frame) begin()
