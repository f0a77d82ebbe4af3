// What every judge here needs: checks that are printed one by one, and what the test has told it.
export const told = JSON.parse(process.env.TOLD)

let failed = 0
let held = 0

export function check (name, good, more = '') {
  good ? held++ : failed++
  if (!good) console.log('FAIL', name, more)
}

export async function throws (name, promise, wanted) {
  try {
    await promise
    check(name, false, 'nothing was thrown')
  } catch (error) {
    check(name, wanted(error), `${error.name} ${error.code ?? ''} ${error.message}`)
  }
}

export function end () {
  console.log(JSON.stringify({ held, failed }))
  process.exit(failed ? 1 : 0)
}
