"""Against a server on this machine that can be told to misbehave; no network is used."""

import hashlib
import http.client
import http.server
import socket
import ssl
import threading
from types import SimpleNamespace
from urllib.error import URLError

import numpy as np
import pytest
from filelock import lock_descriptor

from vae_core import torchvision_shim
from vae_core.data import DataError, fetch, load_dataset
from vae_core.data import download as module
from vae_core.data.download import Remote, download

try:
    import resource
except ImportError:
    resource = None

CONTENT = np.random.default_rng(0).bytes(700_000)
MD5 = hashlib.md5(CONTENT).hexdigest()


class _Server(http.server.ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = {"/file": CONTENT}
        self.cuts: list[int] = []  # after how many bytes each of the next answers ends, too early
        self.ranges = True
        self.asked: list[tuple[str, str | None]] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked = self.headers.get("Range")
        self.server.asked.append((self.path, asked))
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = int(asked[6:-1]) if asked and self.server.ranges else 0
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        cut = self.server.cuts.pop(0) if self.server.cuts else len(content)
        self.wfile.write(content[start : start + cut])

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with _Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def remote(server):
    return Remote((f"{server.address}/file",), "Set/raw/file", MD5, limit=1_000_000)


def _files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_download_verifies_and_reports(tmp_path, remote, server):
    told = []
    path = download(remote, tmp_path, lambda *args: told.append(args))
    assert path.read_bytes() == CONTENT
    assert _files(tmp_path) == ["Set/raw/file"]
    assert told[-1] == ("downloading file", 700_000, 700_000)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    download(remote, tmp_path)
    assert len(server.asked) == 1, "what is there and whole is not fetched again"


def test_a_cut_connection_is_resumed_where_it_ended(tmp_path, remote, server):
    server.cuts = [300_000, 100_000]
    assert download(remote, tmp_path).read_bytes() == CONTENT
    assert [asked for _, asked in server.asked] == [None, "bytes=300000-", "bytes=400000-"]
    assert _files(tmp_path) == ["Set/raw/file"]


def test_an_interrupted_program_goes_on_from_its_draft(tmp_path, remote, server):
    def stop(what, done, total):
        if done >= 500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(remote, tmp_path, stop)
    assert _files(tmp_path) == ["Set/raw/.file.part"], "the name itself is not there until the file is whole"
    have = (tmp_path / "Set/raw/.file.part").stat().st_size
    assert 500_000 <= have < 700_000
    assert download(remote, tmp_path).read_bytes() == CONTENT
    assert server.asked[-1][1] == f"bytes={have}-"
    assert _files(tmp_path) == ["Set/raw/file"]


def test_a_server_without_ranges_starts_over(tmp_path, remote, server):
    server.ranges = False
    server.cuts = [300_000]
    assert download(remote, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("draft", [b"stale bytes of another file", bytes(700_000), bytes(900_000)])
def test_a_draft_of_something_else_is_thrown_away(tmp_path, remote, draft):
    (tmp_path / "Set/raw").mkdir(parents=True)
    (tmp_path / "Set/raw/.file.part").write_bytes(draft)
    assert download(remote, tmp_path).read_bytes() == CONTENT
    assert _files(tmp_path) == ["Set/raw/file"]


def test_wrong_bytes_are_refused_and_nothing_is_left(tmp_path, remote, server):
    server.files["/file"] = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with pytest.raises(DataError, match="its md5 is wrong"):
        download(remote, tmp_path)
    assert _files(tmp_path) == []


def test_wrong_bytes_never_replace_what_was_there(tmp_path, remote, server):
    (tmp_path / "Set/raw").mkdir(parents=True)
    (tmp_path / "Set/raw/file").write_bytes(b"older")
    server.files["/file"] = b"wrong"
    with pytest.raises(DataError):
        download(remote, tmp_path)
    assert (tmp_path / "Set/raw/file").read_bytes() == b"older"
    server.files["/file"] = CONTENT
    assert download(remote, tmp_path).read_bytes() == CONTENT


def test_more_than_expected_is_refused(tmp_path, remote, server):
    server.files["/file"] = bytes(2_000_000)
    with pytest.raises(DataError, match="2,000,000 bytes, more than the 1,000,000"):
        download(remote, tmp_path)
    assert _files(tmp_path) == []


def test_the_next_address_is_tried(tmp_path, remote, server):
    server.files["/bad"] = b"an error page"
    urls = (f"{server.address}/none", f"{server.address}/bad", "http://127.0.0.1:1/refused", f"{server.address}/file")
    both = Remote(urls, remote.path, MD5, remote.limit)
    assert download(both, tmp_path).read_bytes() == CONTENT


def test_no_server_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match=r"^file could not be downloaded \(127\.0\.0\.1: Connection refused\)\.$"):
        download(Remote(("http://127.0.0.1:1/file",), "Set/raw/file", MD5), tmp_path)
    assert _files(tmp_path) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (URLError(socket.gaierror(-2, "Name or service not known")), "the server's name is not known here; is there a net"),
        (URLError(TimeoutError("timed out")), "the server did not answer within 30 seconds"),
        (TimeoutError("The read operation timed out"), "the server did not answer within 30 seconds"),
        (URLError(OSError(101, "Network is unreachable")), "Network is unreachable"),
        (URLError(ssl.SSLCertVerificationError(1, "[SSL: X] failed (_ssl.c:1000)")), "no secure connection could be made"),
        (http.client.BadStatusLine("x"), "the answer is not that of a web server, or broke off"),
    ],
)
def test_a_failure_is_told_in_words(error, said, tmp_path, remote, monkeypatch):
    def fail(*args, **options):
        raise error

    monkeypatch.setattr(module.urllib.request, "urlopen", fail)
    with pytest.raises(DataError) as caught:
        download(remote, tmp_path)
    message = str(caught.value)
    assert message.startswith(f"file could not be downloaded (127.0.0.1: {said}") and message.endswith(").")
    assert "<urlopen" not in message and "Errno" not in message and "_ssl.c" not in message


def test_every_servers_word_is_told(tmp_path, server):
    server.files["/page"] = b"<!DOCTYPE html><title>Too many requests</title>"
    first = r"^file could not be downloaded \(127\.0\.0\.1: the server answers 404 \(Not Found\)"
    with pytest.raises(DataError, match=rf"{first}\)\.$"):
        download(Remote((f"{server.address}/none",), "file", MD5), tmp_path)
    other = server.address.replace("127.0.0.1", "localhost")
    with pytest.raises(DataError, match=rf"{first}; localhost: what came is a web page\)\.$"):
        download(Remote((f"{server.address}/none", f"{other}/page"), "file", MD5), tmp_path)


def test_what_has_come_before_the_connection_broke_is_kept_and_said(tmp_path, remote, server):
    server.cuts = [1000] * 4
    with pytest.raises(DataError, match=r"the connection ended after 4,000 of 700,000 bytes\); what has come is kept"):
        download(remote, tmp_path)
    assert download(remote, tmp_path).read_bytes() == CONTENT


@pytest.mark.skipif(resource is None, reason="this system has no limit of a file's size")
def test_a_full_disk_is_one_sentence_and_not_tried_again(tmp_path, remote, server):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(DataError, match=r"could not be written: File too large\.$"):
            download(remote, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(server.asked) == 1 and not (tmp_path / remote.path).exists()


def test_an_unwritable_place_is_one_sentence(tmp_path, remote):
    (tmp_path / "Set").write_text("a file where a folder should be")
    with pytest.raises(DataError, match="could not be written"):
        download(remote, tmp_path)


def test_two_programs_do_not_write_one_draft(tmp_path, remote):
    (tmp_path / "Set/raw").mkdir(parents=True)
    with (tmp_path / "Set/raw/.file.part").open("a+b") as other:
        assert lock_descriptor(other.fileno(), blocking=False)
        with pytest.raises(DataError, match="by another program"):
            download(remote, tmp_path)
    assert _files(tmp_path) == ["Set/raw/.file.part"]
    assert download(remote, tmp_path).read_bytes() == CONTENT


@pytest.fixture
def small_mnist(monkeypatch, server):
    """torchvision's MNIST class, as far as it is used, with four small files on the local server."""
    names = [f"{part}.gz" for part in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                       "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")]  # fmt: skip
    for name in names:
        server.files[f"/mnist/{name}"] = name.encode()
    listed = [(name, hashlib.md5(name.encode()).hexdigest()) for name in names]
    kind = SimpleNamespace(mirrors=[f"{server.address}/gone/", f"{server.address}/mnist/"], resources=listed)
    monkeypatch.setattr(module, "_torchvision_set", lambda name: {"MNIST": kind}[name])
    return names


def test_fetch_puts_torchvisions_layout_into_the_cache(small_mnist, server):
    root = fetch("mnist")
    assert _files(root) == sorted(f"MNIST/raw/{name}" for name in small_mnist)
    asked = len(server.asked)
    assert fetch("mnist") == root
    assert len(server.asked) == asked
    (root / "MNIST/raw" / small_mnist[2]).write_bytes(b"damaged")
    fetch("mnist")
    assert (root / "MNIST/raw" / small_mnist[2]).read_bytes() == small_mnist[2].encode()
    assert len(server.asked) == asked + 2, "only the damaged file is fetched again (one address is gone)"


def test_fetch_leaves_alone_what_is_elsewhere(small_mnist, server, tmp_path, monkeypatch):
    fetch("mnist", root=tmp_path)
    asked = len(server.asked)
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    assert fetch("mnist") == tmp_path
    assert len(server.asked) == asked


@pytest.mark.parametrize("error", [ImportError("No module"), RuntimeError("operator"), OSError("undefined symbol")])
def test_fetch_without_a_working_torchvision_says_so(tmp_path, monkeypatch, error):
    def fail():
        raise error

    monkeypatch.setattr(torchvision_shim, "import_torchvision", fail)
    for name in set(module.FETCHABLE) - {"names"}:
        with pytest.raises(DataError, match=f"^Downloading needs torchvision, and it cannot be imported: {error}.$"):
            fetch(name, root=tmp_path)


def test_fetch_of_what_needs_none_and_of_what_is_not(tmp_path):
    assert fetch("digits", root=tmp_path) == tmp_path
    assert _files(tmp_path) == []
    with pytest.raises(DataError, match="no set 'imagenet'"):
        fetch("imagenet")


def test_a_fetched_file_that_is_not_mnist_is_refused_when_read(small_mnist):
    fetch("mnist")
    with pytest.raises(DataError, match="cannot be read"):
        load_dataset("mnist")
