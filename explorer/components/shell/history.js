// An entry of the browser's history is a page. Streamlit would add one for each change of the query, which here replaces the
// address of the page's own entry.
export function oneEntryPerPage() {
  const { history } = window;
  if (Object.hasOwn(history, "pushState")) return;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url = location.href) => {
    const stays = new URL(url, location.href).pathname === location.pathname;
    if (stays) history.replaceState(state, title, url);
    else push(state, title, url);
  };
}
