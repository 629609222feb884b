// Unpacks what the page carries, and opens a player when it is asked for. No network: modules are blobs of this page.
const unpacked = async id => {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), c => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
};
let player = null;
const load = async () => {
  const known = {};
  for (const name of GIVEN.modules) {
    let text = new TextDecoder().decode(await unpacked(name));
    for (const [other, url] of Object.entries(known)) text = text.replaceAll(`'./${other}'`, `'${url}'`).replaceAll(`"./${other}"`, `"${url}"`);
    known[name] = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  }
  return import(known[GIVEN.modules.at(-1)]);
};
for (const figure of document.querySelectorAll('figure.player')) {
  const button = figure.querySelector('button');
  button.disabled = false;
  button.onclick = async () => {
    button.disabled = true;
    button.textContent = GIVEN.words.opening;
    await new Promise(done => setTimeout(done, 50)); // drawn before the work begins
    try {
      const { open } = await (player ??= load());
      figure.player = open(figure, await unpacked(figure.dataset.film), await unpacked(figure.dataset.meshes), GIVEN.words);
    } catch (error) {
      console.error(error);
      button.replaceWith(GIVEN.words.cannot);
    }
  };
}
