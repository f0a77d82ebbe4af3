// Enhancement only: every page works without this file.
import { initAll } from './design.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()
document.addEventListener('htmx:afterSwap', event => initAll({ scope: event.target.parentElement ?? document }))
