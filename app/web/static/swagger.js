// Swagger UI on the page of the interfaces, from our own files: it asks no other host, and shows only what we describe.
const place = document.getElementById("swagger");
if (place && window.SwaggerUIBundle) {
  window.SwaggerUIBundle({
    domNode: place,
    url: place.dataset.description,
    docExpansion: "list",
    supportedSubmitMethods: [], // calls need a proof signed for each: the samples show how
    validatorUrl: null,
    presets: [window.SwaggerUIBundle.presets.apis],
  });
}
