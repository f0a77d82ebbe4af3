// Proofs of the access log (RFC 9162) and its checkpoints (signed notes), with WebCrypto alone. The same code runs in Node.

const text = new TextEncoder()
export const bytes = hex => Uint8Array.from(hex.match(/../g) ?? [], pair => parseInt(pair, 16))
export const hex = found => Array.from(found, one => one.toString(16).padStart(2, '0')).join('')
const unbase64 = said => Uint8Array.from(atob(said), sign => sign.charCodeAt(0))
const same = (one, other) => hex(one) === hex(other)

const sha256 = async (...parts) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  parts.reduce((at, part) => { all.set(part, at); return at + part.length }, 0)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', all))
}
export const leafHash = content => sha256(Uint8Array.of(0), text.encode(content))
const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right)

// Plain division keeps places right beyond 2^31 leaves.
const half = n => Math.floor(n / 2)

// RFC 9162, 2.1.3.2
export const verifyInclusion = async (digest, index, size, path, root) => {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) return false
  let fn = index, sn = size - 1, found = digest
  for (const step of path) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      found = await nodeHash(step, found)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else found = await nodeHash(found, step)
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && same(found, root)
}

// RFC 9162, 2.1.4.2
export const verifyConsistency = async (oldSize, oldRoot, size, root, path) => {
  if (oldSize === size) return path.length === 0 && same(oldRoot, root)
  if (!(oldSize > 0 && oldSize < size) || path.length === 0) return false
  const steps = Number.isInteger(Math.log2(oldSize)) ? [oldRoot, ...path] : [...path]
  let fn = oldSize - 1, sn = size - 1
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)]
  let before = steps[0], now = steps[0]
  for (const step of steps.slice(1)) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      before = await nodeHash(step, before)
      now = await nodeHash(step, now)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else now = await nodeHash(now, step)
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && same(before, oldRoot) && same(now, root)
}

export const readNote = note => {
  const [signed, seal] = note.split('\n\n')
  const [origin, size, root, at] = signed.split('\n')
  const [, name, sealed] = seal.trim().match(/^— (\S+) (\S+)$/)
  if (name !== origin) throw new Error('signed by another name')
  return { origin, size: Number(size), root: unbase64(root), at, signed: `${signed}\n`, signature: unbase64(sealed).slice(4) }
}

// true or false; undefined where the browser does not know Ed25519.
export const isSigned = async (note, publicKey) => {
  let key
  try {
    key = await crypto.subtle.importKey('raw', unbase64(publicKey), 'Ed25519', false, ['verify'])
  } catch (unknown) {
    if (unknown.name === 'NotSupportedError') return undefined
    return false
  }
  return crypto.subtle.verify('Ed25519', key, note.signature, text.encode(note.signed))
}

// One reading: its entry is under the checkpoint, it is about this enterprise, and it says what the page says.
export const verifyRead = async (read, note, subject, said) => {
  const path = read.path.map(bytes)
  if (!await verifyInclusion(await leafHash(read.event), read.leaf_index, note.size, path, note.root)) return false
  const entry = JSON.parse(read.event)
  const matches = Object.keys(said).every(name => JSON.stringify(sorted(entry[name])) === JSON.stringify(sorted(said[name])))
  return matches && (entry.subject_ref === subject || isAmong(read, entry, subject))
}

// A reading of many: the digests of its records are those of the entry, and the enterprise's own open to it.
const isAmong = async (read, entry, subject) => {
  const digests = (read.digests ?? []).map(bytes)
  if (!read.mine?.length || hex(await sha256(...digests)) !== entry.subjects_hash) return false
  for (const { at, salt, key } of read.mine) {
    const own = await sha256(bytes(salt), text.encode(subject), Uint8Array.of(0), text.encode(key))
    if (!digests[at] || !same(own, digests[at])) return false
  }
  return true
}

const sorted = value => {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.keys(value).sort().map(name => [name, sorted(value[name])]))
}
