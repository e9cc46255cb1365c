// Passkeys: the one thing on the staff pages that only a script can do. It asks the browser and sends the answer.

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt());
const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const read = (options) => {
  const list = (some) => some?.map((one) => ({ ...one, id: toBytes(one.id) }));
  const asked = { ...options, challenge: toBytes(options.challenge) };
  if (options.user) asked.user = { ...options.user, id: toBytes(options.user.id) };
  asked.excludeCredentials = list(options.excludeCredentials) ?? [];
  asked.allowCredentials = list(options.allowCredentials) ?? [];
  return asked;
};

const write = ({ id, rawId, type, response }) => {
  const told = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
    if (response[name]) told[name] = toText(response[name]);
  if (response.getTransports) told.transports = response.getTransports();
  return JSON.stringify({ id, rawId: toText(rawId), type, response: told });
};

addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.passkey || form.elements.credential.value) return;
  event.preventDefault();
  const said = form.querySelector(".passkey-said");
  said.textContent = "";
  try {
    const publicKey = read(JSON.parse(form.dataset.passkey));
    const made = await navigator.credentials[form.dataset.kind]({ publicKey });
    form.elements.credential.value = write(made);
    form.submit();
  } catch {
    said.textContent = form.dataset.failed;
  }
});
