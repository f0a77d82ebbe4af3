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
document.addEventListener('htmx:afterSwap', event => begin(event.target.parentElement ?? document))
