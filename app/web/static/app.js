// Enhancement only: every page works without this file.
import { initAll } from './design.js'

// The design system names its file button by label, a hidden comma and itself; what is seen must be part of what is heard.
const nameFileButtons = scope => {
  for (const button of scope.querySelectorAll('.govuk-file-upload-button')) {
    button.querySelector('[id$="-comma"]')?.remove()
    const label = document.querySelector(`label[for="${CSS.escape(button.id)}"]`)
    if (label) button.setAttribute('aria-labelledby', `${label.id} ${button.id}`)
  }
}

const begin = scope => {
  initAll({ scope })
  nameFileButtons(scope)
}

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
begin(document)
// Only what has come in is begun; what stands around it was begun before. A new row is where one goes on typing.
document.addEventListener('htmx:afterSwap', event => {
  const fresh = document.getElementById(event.target.id)
  if (!fresh) return
  begin(fresh)
  if (event.detail.requestConfig?.elt?.name === '_add') {
    const rows = fresh.querySelectorAll('.mc-row')
    rows[rows.length - 1]?.querySelector('input, select, textarea')?.focus()
  }
})

// A page that is just saving itself must not make its own person "another window": Save waits for that answer, and once it
// is under way the page saves itself no more.
let leaving = new WeakSet()
document.addEventListener('submit', event => {
  const form = event.target
  if (!form.matches('.htmx-request')) return leaving.add(form)
  event.preventDefault()
  form.addEventListener('htmx:afterRequest', () => form.requestSubmit(event.submitter), { once: true })
})
document.addEventListener('htmx:beforeRequest', event => {
  if (leaving.has(event.detail.elt)) event.preventDefault()
})
addEventListener('pageshow', () => { leaving = new WeakSet() })
