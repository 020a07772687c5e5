// Keeps one entry in the browser's history per page. Streamlit would add an entry for each change of the query; here the
// entry's address is replaced instead.
export function oneEntryPerPage() {
  const { history } = window;
  if (Object.hasOwn(history, "pushState")) return;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const stays = new URL(url ?? location.href, location.href).pathname === location.pathname;
    if (stays) history.replaceState(state, title, url);
    else push(state, title, url);
  };
}
