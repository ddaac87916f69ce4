// The switcher of versions. versions.json lists them, the newest first; it stands beside the folders of the versions.
(async () => {
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  const site = new URL("..", root);
  const here = root.pathname.slice(site.pathname.length, -1);
  const page = location.pathname.slice(root.pathname.length) || "index.html";
  const versions = await (await fetch(new URL("versions.json", site))).json();
  const address = ({ version, pages }) => new URL(`${version}/${pages.includes(page) ? page : "index.html"}`, site);

  const select = document.getElementById("version");
  for (const each of versions) {
    select.add(new Option(each.release, each.version, false, each.version === here));
  }
  select.addEventListener("change", () => location.assign(address(versions[select.selectedIndex])));
  select.parentElement.hidden = false;

  if (here !== versions[0].version) {
    const notice = document.createElement("p");
    notice.className = "older-version";
    const link = document.createElement("a");
    link.href = address(versions[0]);
    link.textContent = `Read it for ${versions[0].release}`;
    notice.append("This page is about an older version. ", link, ".");
    document.querySelector("article").prepend(notice);
  }
})();
