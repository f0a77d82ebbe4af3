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
